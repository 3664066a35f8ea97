//! A seeded simulation of one event under faults (decision 9): couriers that die, an SES that throttles, refuses to
//! answer or accepts and stays silent, a queue that forgets and repeats. At the end every guest who should hold the
//! newest version holds it, and nobody got more copies of one key than answers were lost for it.

use std::collections::BTreeMap;

use super::*;

/// `SplitMix64`: small, seeded, good enough to shuffle faults.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn chance(&mut self, per_thousand: u64) -> bool {
        self.next() % 1_000 < per_thousand
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

#[derive(Default)]
struct Ses {
    /// Copies accepted, by key and guest.
    accepted: BTreeMap<String, u32>,
    /// Answers that never reached the courier although the mail was accepted, or whose courier died.
    lost_answers: BTreeMap<String, u32>,
    /// The newest version each guest got.
    newest: BTreeMap<String, (u32, Method)>,
}

fn carry(bench: &mut Bench, ses: &mut Ses, random: &mut Random, batch: BatchId) {
    if random.chance(30) {
        return; // The hint is lost.
    }
    let lease = bench.lease(batch);
    if random.chance(20) {
        return; // The courier dies before anything leaves.
    }
    let mut mails = Vec::new();
    for mail in &lease.mails {
        if random.chance(10) {
            return; // It dies between two mails; the answers it had are lost with it.
        }
        let guest = mail.guest.to_string();
        let fate = match random.below(100) {
            0..5 => Fate::Throttled { retry_secs: 1 },
            5..7 => Fate::Unknown { reason: "reset before it was read".into() },
            roll => {
                *ses.accepted.entry(mail.key.clone()).or_default() += 1;
                let version = (mail.revision, mail.method);
                let newest = ses.newest.entry(guest).or_insert(version);
                assert!(newest.0 <= mail.revision, "an older version after a newer one");
                *newest = version;
                // Counted as lost until the settlement has gone through.
                *ses.lost_answers.entry(mail.key.clone()).or_default() += 1;
                if roll < 9 {
                    Fate::Unknown { reason: "accepted, then silence".into() }
                } else {
                    Fate::Accepted { ses_id: "1".into() }
                }
            }
        };
        mails.push(Settled { guest: mail.guest.clone(), fate });
    }
    if random.chance(10) {
        return; // It dies before it settles.
    }
    for (mail, settled) in lease.mails.iter().zip(&mails) {
        if matches!(settled.fate, Fate::Accepted { .. }) {
            *ses.lost_answers.get_mut(&mail.key).unwrap() -= 1;
        }
    }
    bench.ask(Command::Settle { batch, lease: lease.lease, mails }).unwrap();
}

fn run(seed: u64) -> usize {
    let mut random = Random(seed);
    let mut bench = Bench::new();
    let mut ses = Ses::default();
    bench.request("Game", START);
    let guests: Vec<String> = (0..60).map(|number| format!("guest{number:02}@x.example")).collect();
    let mut choices: BTreeMap<String, PartStat> = BTreeMap::new();
    for step in 0..120_u64 {
        let guest = &guests[usize::try_from(random.below(60)).unwrap()];
        match random.below(10) {
            0..5 => {
                if let (_, Some(batch)) = bench.invite(guest) {
                    carry(&mut bench, &mut ses, &mut random, batch);
                }
            }
            5..8 if ses.newest.contains_key(guest) => {
                let choice = [PartStat::Accepted, PartStat::Tentative, PartStat::Declined]
                    [usize::try_from(random.below(3)).unwrap()];
                let sequence = bench.shown().event.sequence.0;
                if let (_, Some(batch)) = bench.answer(guest, choice, sequence) {
                    carry(&mut bench, &mut ses, &mut random, batch);
                }
                choices.insert(guest.clone(), choice);
            }
            8 => {
                bench.request(&format!("Game, edit {step}"), START + i64::try_from(random.below(3)).unwrap() * 3600);
            }
            9 if random.chance(100) => {
                bench.cancel();
            }
            _ => {}
        }
        for job in bench.ring().jobs {
            let Job::Batch { batch, .. } = job else { panic!() };
            carry(&mut bench, &mut ses, &mut random, batch);
            if random.chance(20) {
                carry(&mut bench, &mut ses, &mut random, batch); // The queue repeats itself.
            }
        }
        bench.now += i64::try_from(random.below(40)).unwrap();
    }
    // Faults end; what waits must drain by itself.
    while let Some(next) = bench.next() {
        bench.now = bench.now.max(next);
        for job in bench.ring().jobs {
            let Job::Batch { batch, .. } = job else { panic!() };
            let lease = bench.lease(batch);
            for mail in &lease.mails {
                *ses.accepted.entry(mail.key.clone()).or_default() += 1;
                ses.newest.insert(mail.guest.to_string(), (mail.revision, mail.method));
            }
            bench.settle(batch, &lease, &Fate::Accepted { ses_id: "1".into() });
        }
    }
    for (key, copies) in &ses.accepted {
        let excuse = ses.lost_answers.get(key).copied().unwrap_or(0);
        assert!(*copies <= 1 + excuse, "seed {seed}: {copies} copies of {key}, {excuse} lost answers");
    }
    let shown = bench.shown();
    let stuck = rows::unfiled_letters(&bench.conn, &Bench::id()).unwrap().len()
        + SqlConn::run(&bench.conn, "SELECT 1 FROM dead_letter", &[]).unwrap().len();
    for guest in rows::guests_after(&bench.conn, "", 1_000).unwrap() {
        let name = guest.attendee.address.to_string();
        let interested = matches!(choices.get(&name), Some(PartStat::Accepted | PartStat::Tentative));
        let newest = ses.newest.get(&name);
        if shown.event.cancelled {
            let wants = choices.get(&name) != Some(&PartStat::Declined) && newest.is_some();
            let told = newest.is_some_and(|(_, method)| *method == Method::Cancel);
            assert!(!wants || told || stuck > 0, "seed {seed}: {name} was never told that it is off");
        } else {
            assert!(newest.is_some() || stuck > 0, "seed {seed}: the invitation of {name} is lost");
            let current = newest.is_some_and(|(revision, _)| *revision == shown.event.revision);
            assert!(!interested || current || stuck > 0, "seed {seed}: {name} holds an old version");
        }
    }
    assert_eq!(bench.counters_from_rows(), shown.counters, "seed {seed}");
    ses.accepted.values().map(|copies| *copies as usize).sum()
}

#[test]
fn no_mail_is_lost_and_none_is_repeated_without_a_lost_answer() {
    let mails: usize = (0..100).map(run).sum();
    assert!(mails > 2_500, "{mails}");
}
