use timetable::{Entry, Filter};

use crate::season::{self, TEAM};

/// Month and day of the entries that a query wants on the page of the Rovers.
fn found(query: &str) -> String {
    let filter = Filter::parse(query).unwrap();
    let entries = season::entries();
    let day = |entry: &Entry| entry.start.local_date().format("%m%d").to_string();
    let found: Vec<String> = entries.iter().filter(|entry| filter.matches(entry, Some(TEAM))).map(day).collect();
    found.join(" ")
}

#[test]
fn a_filter_wants_what_it_says() {
    for (query, days) in [
        ("from=2027-07-03&to=2027-07-16", "0703 0704 0713 0716"),
        ("month=2027-06,2027-10", "0603 0609 0611 1001"),
        ("day=fri&month=2027-07", "0702 0716"),
        ("day=sat,sun&month=2027-07", "0703 0704 0717 0724"),
        ("month=2027-07&after=17:00", "0702 0716 0717 0724"),
        ("month=2027-07&before=14:00", "0704"),
        ("month=2027-07&after=13:00&before=17:00", "0703 0704"),
        ("after=20:00&before=13:00", "0603 0611"),
        ("side=home&month=2027-07", "0702 0703 0704 0724"),
        ("side=away&month=2027-07", "0716 0717"),
        ("team=tampa&month=2027-07", "0702 0703 0704 0716 0717"),
        ("team=Herons&side=home", "0716 0717"),
        ("against=tampa&side=home", "0501 0702 0703 0704"),
        ("against=tampa&against=denver&month=2027-05", "0501 0507 0508"),
        ("team=rovers&team=boston", "0515 0814 0918"),
        ("team=tampa&team=boston", ""),
        ("team=san+jose", "0603 1001"),
        ("team=SAN+JOSÉ+HALC", "0603 1001"),
        ("team=lodz", "0609"),
        ("place=denver", "0507 0508 0806"),
        ("place=denver&place=tampa", "0507 0508 0716 0717 0806"),
        ("place=camden+wharf&words=jazz", "0611"),
        ("words=shirt+night", "0515"),
        ("words=FIREWORK", "0702"),
        ("words=concert", "0611 0806"),
        ("words=roof", "0806"),
        ("words=works", ""),
        ("status=cancelled", "0609"),
        ("status=moved", "0814"),
        ("status=on&month=2027-06", "0603 0611"),
        ("offers=1&month=2027-05", "0501 0515"),
        ("side=&team=&words=&lang=es&unknown=1&month=2027-10", "1001"),
    ] {
        assert_eq!(found(query), days, "{query}");
    }
    assert_eq!(found("").split(' ').count(), season::entries().len());
}

#[test]
fn whose_home_depends_on_the_page() {
    let home = Filter::parse("side=home").unwrap();
    let count = |team: Option<&str>| season::entries().iter().filter(|entry| home.matches(entry, team)).count();
    assert_eq!((count(Some(TEAM)), count(Some("Denver Miners")), count(None), count(Some(""))), (9, 2, 15, 15));
}

#[test]
fn a_query_that_means_nothing_is_refused_by_name() {
    for (query, name) in [
        ("from=yesterday", "from"),
        ("to=2027-13-01", "to"),
        ("to=20270101", "to"),
        ("from=-2027-01-01", "from"),
        ("month=2027", "month"),
        ("month=july", "month"),
        ("day=caturday", "day"),
        ("after=25:00", "after"),
        ("before=7pm", "before"),
        ("after=-1:00", "after"),
        ("side=both", "side"),
        ("status=gone", "status"),
        ("offers=maybe", "offers"),
    ] {
        let error = Filter::parse(query).unwrap_err();
        assert_eq!(error.name, name, "{query}");
        assert!(error.to_string().starts_with(&format!("{name}: ")), "{error}");
    }
}

#[test]
fn equal_wishes_are_equal_addresses() {
    for (query, written) in [
        ("", ""),
        ("day=SUN, mon&day=sun", "day=mon,sun"),
        ("day=mon,tue,wed,thu,fri,sat,sun", ""),
        ("month=2027-08,2027-07&month=2027-08", "month=2027-07,2027-08"),
        ("after=7:05", "after=07:05"),
        ("words=++shirt++night&words=Shirt", "words=shirt+night"),
        ("team=+Tampa++Herons+&team=tampa+herons", "team=Tampa+Herons"),
        ("place=Denver,+CO", "place=Denver,+CO"),
        ("words=...", ""),
        ("offers=true", "offers=1"),
        ("lang=es&side=home&from=2027-07-01", "from=2027-07-01&side=home"),
    ] {
        assert_eq!(Filter::parse(query).unwrap().to_query(), written, "{query}");
    }
}

/// A small generator, the same on every machine (xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

#[test]
fn whatever_a_query_means_its_text_means_again() {
    const NAMES: &[&str] = &[
        "from", "to", "month", "day", "after", "before", "side", "team", "against", "place", "words", "status",
        "offers", "not", "games",
    ];
    const VALUES: &[&str] = &[
        "2027-07-01",
        "2027-07",
        "2027-12,2028-01",
        "sat,sun",
        "mon",
        "17:00",
        "9:30",
        "home",
        "away",
        "1",
        "on",
        "Tampa Herons",
        "100% & more=less+plus",
        "a,b;c#d?e/f",
        "Łódź \u{200b}",
        "%2C%252C",
        "ñ\u{303}",
        "\"'<>",
        "   ",
        "東京 ドーム",
        "...",
        "0",
    ];
    let entries = season::entries();
    let mut random = Random(0x5eed);
    let mut taken = 0;
    for _ in 0..20_000 {
        let pairs: Vec<(&str, &str)> = (0..random.below(6)).map(|_| (random.one(NAMES), random.one(VALUES))).collect();
        let Ok(filter) = Filter::from_query(pairs.iter().copied()) else { continue };
        taken += 1;
        let query = filter.to_query();
        let again = Filter::parse(&query).unwrap_or_else(|error| panic!("{pairs:?} {query}: {error}"));
        assert_eq!(again, filter, "{pairs:?} {query}");
        assert_eq!(filter.is_empty(), query.is_empty(), "{pairs:?}");
        for entry in &entries {
            assert_eq!(filter.matches(entry, None), again.matches(entry, None));
        }
    }
    assert!(taken > 3_000, "{taken}");
}

#[test]
fn an_endless_query_is_cut() {
    let long = format!("words={}&team={}", "w1+w2+".repeat(20_000), "x".repeat(100_000));
    let many: String = (0..5_000).map(|number| format!("place=p{number}&")).collect();
    let filter = Filter::parse(&format!("{many}{long}")).unwrap();
    assert!(filter.to_query().len() < 1_000, "{}", filter.to_query().len());
}
