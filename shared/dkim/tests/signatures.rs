//! Signatures of published examples and of our own signer: what proves a mail, and every reason why one does not.

use dkim::testing::{PrivateKey, Signer, verify};
use dkim::{Message, Refusal, organizational_domain, signatures};

const NOW: u64 = 1_790_000_000;
const MAIL: &str = "From: Ann Org <ann@club.example>\r\nTo: create@convoke.test\r\nSubject: The  game\r\n \tof Friday\r\n\
    Date: Mon, 1 Jan 2029 10:00:00 +0000\r\nMessage-ID: <1@club.example>\r\nMIME-Version: 1.0\r\n\
    Content-Type: text/plain\r\n\r\nCome  to\tthe game. \r\n\r\nAnn\r\n\r\n\r\n";

/// What became of the first signature of a mail.
fn outcome(mail: &str, from_domain: &str, records: &[String]) -> Result<bool, Refusal> {
    outcomes(mail, from_domain, |_| records.to_vec())
        .and_then(|outcomes| outcomes.into_iter().next().ok_or(Refusal::Syntax)?)
}

fn outcomes(
    mail: &str,
    from_domain: &str,
    records: impl Fn(&str) -> Vec<String>,
) -> Result<Vec<Result<bool, Refusal>>, Refusal> {
    let message = Message::parse(mail.as_bytes())?;
    let candidates = signatures(&message, from_domain, NOW)?;
    Ok(candidates
        .into_iter()
        .map(|candidate| {
            let candidate = candidate?;
            Ok(verify(&candidate.check(&records(&candidate.key_name()))?))
        })
        .collect())
}

fn signer() -> Signer {
    Signer::new("club.example")
}

/// Signs, changes the result, and tries it.
fn tried(signer: &Signer, change: impl FnOnce(String) -> String) -> Result<bool, Refusal> {
    outcome(&change(signer.sign(MAIL)), "club.example", &[signer.key.record()])
}

#[test]
fn the_example_of_rfc_6376_appendix_a() {
    let mail = include_str!("fixtures/rfc6376-a2.eml");
    let record = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt\
        IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9\
        tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";
    let ask = |name: &str| {
        assert_eq!(name, "brisbane._domainkey.example.com");
        vec![record.to_owned()]
    };
    assert_eq!(outcomes(mail, "football.example.com", ask), Ok(vec![Ok(true)]));
    let changed = mail.replace("Is dinner ready?", "Is lunch ready?");
    assert_eq!(outcomes(&changed, "football.example.com", ask), Ok(vec![Ok(false)]));
}

#[test]
fn the_two_signatures_of_rfc_8463_appendix_a() {
    let mail = include_str!("fixtures/rfc8463-a3.eml");
    let ask = |name: &str| {
        let record = match name {
            "brisbane._domainkey.football.example.com" => {
                "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
            }
            "test._domainkey.football.example.com" => {
                "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2\
                 jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2\
                 EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
            }
            other => panic!("{other}"),
        };
        vec![record.to_owned()]
    };
    assert_eq!(outcomes(mail, "football.example.com", ask), Ok(vec![Ok(true), Ok(true)]));
}

#[test]
fn every_canonicalization_with_every_key() {
    let keys = [PrivateKey::rsa(1024), PrivateKey::rsa(2048), PrivateKey::rsa(4096), PrivateKey::ed25519(7)];
    for key in keys {
        for canonicalization in ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"] {
            let signer = Signer { key: key.clone(), canonicalization: canonicalization.into(), ..signer() };
            let (header, body) = canonicalization.split_once('/').unwrap();
            assert_eq!(tried(&signer, |mail| mail), Ok(true), "{canonicalization}");
            // Empty lines at the end never count, white space only where it is kept simple.
            assert_eq!(tried(&signer, |mail| mail + "\r\n\r\n"), Ok(true));
            let refolded = tried(&signer, |mail| mail.replace("The  game\r\n \tof", "The\r\n game of"));
            assert_eq!(refolded, Ok(header == "relaxed"), "{canonicalization}");
            let respaced = tried(&signer, |mail| mail.replace("Come  to\tthe", "Come to the"));
            assert_eq!(respaced, if body == "relaxed" { Ok(true) } else { Err(Refusal::BodyHash) });
            assert_eq!(tried(&signer, |mail| mail.replace("Friday", "Monday")), Ok(false));
            assert_eq!(tried(&signer, |mail| mail.replace("\r\nAnn", "\r\nEve")), Err(Refusal::BodyHash));
            assert_eq!(tried(&signer, |mail| mail + "more"), Err(Refusal::BodyHash));
        }
    }
}

#[test]
fn a_key_may_stand_in_dns_in_either_form() {
    let signer = Signer { key: PrivateKey::rsa(2048), ..signer() };
    let mail = signer.sign(MAIL);
    let key = &signer.key;
    for record in
        [key.record(), format!("p={}", key.public_pkcs1()), format!("v=DKIM1;k=rsa;p={};", key.public_pkcs1())]
    {
        assert_eq!(outcome(&mail, "club.example", &[record]), Ok(true));
    }
}

#[test]
fn a_key_record_says_what_it_is_for() {
    let rsa = PrivateKey::rsa(1024);
    let (spki, ed25519) = (rsa.public(), PrivateKey::ed25519(1).public());
    let short = PrivateKey::rsa(512).public();
    let twice = format!("k=ed25519; p={ed25519}");
    let with = |signer: &Signer, records: &[&str]| {
        let records: Vec<String> = records.iter().map(|record| (*record).to_owned()).collect();
        outcome(&signer.sign(MAIL), "club.example", &records)
    };
    let by_rsa = Signer { key: rsa, ..signer() };
    for (record, expected) in [
        (format!("v=DKIM1; p={spki}"), Ok(true)),
        (format!("v=DKIM1; h=sha1:sha256; s=tlsrpt:email; t=x; n=note; p={spki}"), Ok(true)),
        (format!("s=*; p={spki}"), Ok(true)),
        ("v=DKIM1; p=".to_owned(), Err(Refusal::Revoked)),
        (format!("v=DKIM2; p={spki}"), Err(Refusal::KeyRecord)),
        (format!("h=sha1; p={spki}"), Err(Refusal::KeyRecord)),
        (format!("s=tlsrpt; p={spki}"), Err(Refusal::KeyRecord)),
        (format!("k=ed25519; p={ed25519}"), Err(Refusal::KeyRecord)),
        (format!("k=rsa; p={ed25519}"), Err(Refusal::KeyRecord)),
        (format!("p={}", spki.split_at(100).0), Err(Refusal::KeyRecord)),
        ("p=!".to_owned(), Err(Refusal::KeyRecord)),
        (format!("t=y; p={spki}"), Err(Refusal::Testing)),
        (format!("p={short}"), Err(Refusal::KeySize)),
        ("v=spf1 -all".to_owned(), Err(Refusal::NoKey)),
        (String::new(), Err(Refusal::NoKey)),
    ] {
        assert_eq!(with(&by_rsa, &[&record]), expected, "{record}");
    }
    assert_eq!(with(&signer(), &[&format!("k=ed25519; p={spki}")]), Err(Refusal::KeyRecord));
    assert_eq!(with(&signer(), &["v=spf1 -all", &twice]), Ok(true));
    assert_eq!(with(&signer(), &[&twice, &twice]), Err(Refusal::NoKey));
    assert_eq!(with(&signer(), &[]), Err(Refusal::NoKey));
}

#[test]
fn the_tags_of_a_signature_are_checked() {
    let tagged = |tags: &str| tried(&Signer { tags: tags.into(), ..signer() }, |mail| mail);
    for (tags, expected) in [
        ("i=ann@club.example; ", Ok(true)),
        ("i=@mail.club.example; ", Ok(true)),
        ("i=@evil.example; ", Err(Refusal::Identity)),
        ("i=@notclub.example; ", Err(Refusal::Identity)),
        ("i=nobody; ", Err(Refusal::Syntax)),
        ("l=5; ", Err(Refusal::BodyLength)),
        ("q=dns/txt; ", Ok(true)),
        ("q=http; ", Err(Refusal::QueryMethod)),
        ("t=1789999999; x=1790000001; ", Ok(true)),
        ("x=1789999999; ", Err(Refusal::Expired)),
        ("t=1790000300; ", Ok(true)),
        ("t=1790000301; ", Err(Refusal::Future)),
        ("t=1790000200; x=1790000100; ", Err(Refusal::Syntax)),
        ("x=tomorrow; ", Err(Refusal::Syntax)),
        ("x=9999999999999; ", Err(Refusal::Syntax)),
        ("z=From:a|b=3Dc; unknown=1; ", Ok(true)),
        ("d=club.example; ", Err(Refusal::Syntax)),
    ] {
        assert_eq!(tagged(tags), expected, "{tags}");
    }
    let strict = |tags: &str| {
        let signer = Signer { tags: tags.into(), ..signer() };
        let record = format!("t=s; {}", signer.key.record().replace("v=DKIM1; ", ""));
        outcome(&signer.sign(MAIL), "club.example", &[record])
    };
    assert_eq!(strict(""), Ok(true));
    assert_eq!(strict("i=@mail.club.example; "), Err(Refusal::Identity));

    let edited = |from: &str, to: &str| tried(&signer(), |mail| mail.replacen(from, to, 1));
    for (from, to, expected) in [
        ("v=1", "v=2", Refusal::Version),
        ("a=ed25519-sha256", "a=rsa-sha1", Refusal::Algorithm),
        ("c=relaxed/relaxed", "c=relaxed/nowsp", Refusal::Canonicalization),
        ("d=club.example", "d=", Refusal::Syntax),
        ("d=club.example", "d=club.example?name=x", Refusal::Syntax),
        ("s=s1", "s=", Refusal::Syntax),
        ("s=s1", "s=a/../b", Refusal::Syntax),
        ("h=from:", "h=sender:", Refusal::FromNotSigned),
        (" b=", " b=*", Refusal::Syntax),
        (" b=", " bb=", Refusal::Syntax),
        ("DKIM-Signature: v=1;", "DKIM-Signature:", Refusal::Syntax),
    ] {
        assert_eq!(edited(from, to), Err(expected), "{to}");
    }
}

#[test]
fn only_the_authors_organization_signs_for_him() {
    let by = |domain: &str, from: &str| {
        let signer = Signer::new(domain);
        outcome(&signer.sign(MAIL), from, &[signer.key.record()])
    };
    assert_eq!(by("club.example", "club.example"), Ok(true));
    assert_eq!(by("mail.club.example", "club.example"), Ok(true));
    assert_eq!(by("club.example", "news.club.example"), Ok(true));
    for (domain, from) in [
        ("evil.example", "club.example"),
        ("club.github.io", "evil.github.io"),
        ("co.uk", "club.co.uk"),
        ("example", "club.example"),
    ] {
        assert_eq!(by(domain, from), Err(Refusal::NotAligned), "{domain} for {from}");
        assert_ne!(organizational_domain(domain), organizational_domain(from));
    }
}

#[test]
fn one_signed_from_field_and_no_other() {
    let record = signer().key.record();
    let signed = signer().sign(MAIL);
    for second in ["From: eve@evil.example\r\n", "from : eve@evil.example\r\n", "FROM:\r\n eve@evil.example\r\n"] {
        let on_top = format!("{second}{signed}");
        assert_eq!(outcome(&on_top, "club.example", std::slice::from_ref(&record)), Err(Refusal::From), "{second}");
        let below = signed.replacen("To:", &format!("{second}To:"), 1);
        assert_eq!(outcome(&below, "club.example", std::slice::from_ref(&record)), Err(Refusal::From), "{second}");
    }
    let oversigned = Signer { headers: "from:from:to".into(), ..signer() }.sign(MAIL);
    assert_eq!(outcome(&oversigned, "club.example", std::slice::from_ref(&record)), Ok(true));
    assert_eq!(outcome(&oversigned.replace("From:", "To:"), "club.example", &[record]), Err(Refusal::From));
}

#[test]
fn repeated_fields_are_taken_from_below() {
    let mail = MAIL.replacen("To:", "To: first@convoke.test\r\nTo: second@convoke.test\r\nTo:", 1);
    let twice = Signer { headers: "from:to:to".into(), ..signer() };
    let signed = twice.sign(&mail);
    let records = [twice.key.record()];
    assert_eq!(outcome(&signed, "club.example", &records), Ok(true));
    assert_eq!(outcome(&signed.replace("To: first", "To: other"), "club.example", &records), Ok(true));
    assert_eq!(outcome(&signed.replace("To: second", "To: other"), "club.example", &records), Ok(false));
    assert_eq!(outcome(&signed.replace("To: create", "To: other"), "club.example", &records), Ok(false));
}

#[test]
fn at_most_five_signatures_are_looked_at() {
    let other = Signer { domain: "service.example".into(), ..signer() };
    let mut mail = signer().sign(MAIL);
    for added in 1..=dkim::SIGNATURES_MAX {
        mail = other.sign(&mail);
        let found = outcomes(&mail, "club.example", |_| vec![signer().key.record()]).unwrap();
        assert_eq!(found.contains(&Ok(true)), added < dkim::SIGNATURES_MAX, "{added} on top");
        assert!(found.len() <= dkim::SIGNATURES_MAX);
    }
}

#[test]
fn what_is_not_signed_is_not_in_the_signed_message() {
    let multipart = MAIL
        .replace("Content-Type: text/plain", "Content-Type: multipart/mixed; boundary=\"b1\"")
        .replace("Come", "--b1\r\n\r\nCome")
        .replace("Ann\r\n\r\n\r\n", "--b1--\r\n");
    let reading = |mail: &str, headers: &str, added: &str| {
        let signer = Signer { headers: headers.into(), ..signer() };
        let raw = format!("{added}{}", signer.sign(mail));
        let message = Message::parse(raw.as_bytes()).unwrap();
        let candidate = signatures(&message, "club.example", NOW).unwrap().remove(0).unwrap();
        String::from_utf8(candidate.signed_message()).unwrap()
    };
    let plain = reading(MAIL, "from:subject", "Reply-To: eve@evil.example\r\nSubject: Added\r\n");
    assert!(
        plain.starts_with("From: Ann Org <ann@club.example>\r\nSubject: The  game\r\n \tof Friday\r\n\r\nCome"),
        "{plain}"
    );
    // Content-Type: as signed, else as the body itself shows.
    assert!(
        reading(&multipart, "from:content-type", "").contains("Content-Type: multipart/mixed; boundary=\"b1\"\r\n")
    );
    let shown = reading(&multipart, "from", "Content-Type: text/calendar\r\n");
    assert!(shown.contains("Content-Type: multipart/mixed; boundary=\"b1\"\r\n") && !shown.contains("text/calendar"));
    for unclear in [
        multipart.replace("--b1--", "--b2--"),
        multipart.replace("--b1\r\n", "preamble\r\n--b1\r\n"),
        multipart + "epilogue\r\n",
    ] {
        assert!(!reading(&unclear, "from", "").contains("Content-Type"), "{unclear}");
    }
}

#[test]
fn hostile_signatures_end_quickly() {
    let signed = signer().sign(MAIL);
    let records = [signer().key.record()];
    for text in [
        "x".repeat(100_000),
        "v=1;".repeat(10_000),
        format!("v=1; a=rsa-sha256; d=club.example; s=s; bh=; b=; h=from{}", ":from".repeat(3_000)),
        format!("v=1; a=rsa-sha256; d={}example; s=s; h=from; bh=; b=", "a.".repeat(5_000)),
        "\u{0}".to_owned(),
        "=;=;=".to_owned(),
    ] {
        let mail = signed.replacen("DKIM-Signature: ", &format!("DKIM-Signature: {text}\r\nX-Old: "), 1);
        assert!(outcome(&mail, "club.example", &records).is_err(), "{text:.60}");
    }
    // Cut off anywhere, it proves nothing and breaks nothing.
    for end in (0..signed.len()).step_by(3).filter(|end| signed.is_char_boundary(*end)) {
        let message = Message::parse(&signed.as_bytes()[..end]);
        let found = message.as_ref().map(|message| signatures(message, "club.example", NOW));
        let proven = found.is_ok_and(|found| {
            found.is_ok_and(|found| {
                found.into_iter().flatten().any(|candidate| candidate.check(&records).is_ok_and(|left| verify(&left)))
            })
        });
        assert!(!proven || end >= signed.trim_end().len(), "{end} of {}", signed.len());
    }
}
