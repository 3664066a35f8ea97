//! The migrations apply in order, and every named query runs against the result by an index.

use store::sqlite::Sqlite;
use store::{Row, SqlConn, Value, accounts, directory, feeds, pages, search, seeds};

fn migrated() -> Sqlite {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../d1-migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    assert!(!files.is_empty());
    let db = Sqlite::open().unwrap();
    for file in files {
        db.migrate(&std::fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    db
}

fn plan(db: &Sqlite, sql: &str) -> String {
    let highest = (1..=30).rev().find(|number| sql.contains(&format!("?{number}"))).unwrap_or(0);
    let params = vec![Value::Text("[]".into()); highest];
    let rows = SqlConn::run(db, &format!("EXPLAIN QUERY PLAN {sql}"), &params)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.text(3).unwrap().to_owned()).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_lists_or_looks_up_goes_by_an_index_and_sorts_nothing() {
    let db = migrated();
    let queries = [
        ("an event", directory::sql::EVENT),
        ("an event by the start of its id", directory::sql::EVENT_BY_START),
        ("some events", directory::sql::EVENTS_AMONG),
        ("an organizer's events", directory::sql::EVENTS_OF),
        ("all events", directory::sql::EVENTS),
        ("upcoming events", directory::sql::UPCOMING_OF),
        ("how many are upcoming", directory::sql::COUNT_UPCOMING),
        ("events by time", search::sql::FIND),
        ("some public events", directory::sql::PUBLIC_AMONG),
        ("who has something public", directory::sql::PUBLISHED),
        ("what somebody has public", directory::sql::PUBLISHED_OF),
        ("an event's counters", directory::sql::EVENT_COUNTERS),
        ("an organizer's sums", directory::sql::SUM_TOTALS_OF),
        ("an organizer's origins", directory::sql::SUM_ORIGINS_OF),
        ("an organizer's clients", directory::sql::SUM_CLIENTS_OF),
        ("who may speak", directory::sql::BINDINGS),
        ("who may speak about many", directory::sql::BINDINGS_AMONG),
        ("a feed", feeds::sql::FEED),
        ("an organizer's feeds", feeds::sql::FEEDS_OF),
        ("feeds that are due", feeds::sql::TAKE_DUE),
        ("what an object starts from", seeds::sql::SEED),
        ("a spent seed", seeds::sql::FORGET),
        ("events of an import", seeds::sql::PLANT),
        ("their rows", seeds::sql::SHOW),
        ("their words", seeds::sql::LEARN),
        ("an organizer", accounts::sql::ORGANIZER),
        ("a key", accounts::sql::API_KEY),
        ("a suppression", accounts::sql::SUPPRESSED),
        ("suppressions among", accounts::sql::SUPPRESSED_AMONG),
        ("dead letters", accounts::sql::DEAD_LETTERS),
        ("a dead letter", accounts::sql::DEAD_LETTER),
        ("earlier days", accounts::sql::FORGET_SUBMISSIONS),
        ("a page", pages::sql::PAGE),
        ("an organizer's own page", pages::sql::OWN_PAGE),
        ("his further pages", pages::sql::FURTHER_PAGES),
        ("a page's new slug", pages::sql::RENAME),
        ("what led to a page", pages::sql::REDIRECT),
        ("what leads home", pages::sql::LEAD_HOME),
        ("his own page moves", pages::sql::MOVE_OWN),
    ];
    for (name, sql) in queries {
        let plan = plan(&db, sql);
        println!("{name}: {plan}");
        assert!(plan.contains("SEARCH"), "{name}: {plan}");
        assert!(!plan.contains("USE TEMP B-TREE FOR ORDER BY"), "{name}: {plan}");
        assert!(
            !plan.replace("SCAN wanted VIRTUAL TABLE", "").replace("SCAN word VIRTUAL TABLE", "").contains("SCAN"),
            "{name}: {plan}"
        );
    }
}

#[test]
fn every_named_statement_is_valid_sql() {
    let db = migrated();
    for sql in [
        directory::sql::SUM_TOTALS,
        directory::sql::SUM_ORIGINS,
        directory::sql::SUM_CLIENTS,
        directory::sql::BIND,
        directory::sql::BIND_ALL,
        directory::sql::BIND_SUCCESSORS,
        directory::sql::BIND_OVER,
        directory::sql::UNBIND_OTHERS,
        search::sql::FORGET_WORDS,
        search::sql::LEARN_WORDS,
        feeds::sql::PUT_FEED,
        feeds::sql::REMOVE_FEED,
        feeds::sql::SETTLE_FEED,
        accounts::sql::CLAIM_SLUG,
        accounts::sql::ENROLL_ORGANIZER,
        accounts::sql::CHANGE_SLUG,
        accounts::sql::SAVE_ORGANIZER,
        accounts::sql::API_KEYS,
        accounts::sql::ADD_API_KEY,
        accounts::sql::REMOVE_API_KEY,
        accounts::sql::SUPPRESS,
        accounts::sql::COUNT_SUBMISSION,
        accounts::sql::BURY,
        accounts::sql::EXHUME,
        pages::sql::CLAIM,
        pages::sql::ADD,
        pages::sql::SAVE,
        pages::sql::REMOVE,
    ] {
        plan(&db, sql);
    }
}

#[test]
fn a_search_by_words_is_led_by_the_index_of_words() {
    let plan = plan(&migrated(), search::sql::FIND_BY_WORDS);
    println!("{plan}");
    assert!(plan.contains("SCAN event_search VIRTUAL TABLE INDEX"), "{plan}");
    assert!(plan.contains("SEARCH event USING PRIMARY KEY (event_id=?)"), "{plan}");
}

#[test]
fn events_of_before_the_search_are_found_after_it() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../d1-migrations");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let db = Sqlite::open().unwrap();
    db.migrate(&read("0001_directory.sql")).unwrap();
    let details = r#"{"description":"Camiseta gratis","categories":["Fútbol","Liga"]}"#;
    for (id, public) in [("00f1a", 1), ("7", 0)] {
        let id = format!("{id:0<40}");
        db.migrate(&format!(
            "INSERT INTO event (event_id, version, owner, organizer_name, prodid, revision, cancelled, public, created, \
             last_modified, start_at, end_at, summary, description_html, location, details, overrides) \
             VALUES ('{id}', 1, 'a@b.example', 'A', '', 0, 0, {public}, 0, 0, 0, 0, 'Atlético vs Łódź', '', 'Málaga', \
             '{details}', '[]')"
        ))
        .unwrap();
    }
    db.migrate(&read("0002_search.sql")).unwrap();
    let rows = SqlConn::run(
        &db,
        "SELECT rowid, owner FROM event_search WHERE event_search MATCH 'atletico AND malaga AND futbol AND camiseta'",
        &[],
    );
    let expected =
        vec![Row(vec![Value::Integer(0x0000_0f1a_0000_0000), Value::Text("o6140622e6578616d706c65".into())])];
    assert_eq!(rows.unwrap(), expected);
}
