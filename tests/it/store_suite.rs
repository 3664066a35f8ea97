//! The storage suite on the twin; `tests/e2e/store.test.mjs` runs the same file in a real object and in D1.

use store::sqlite::Sqlite;
use store::{Row, SqlConn, StoreError, Value};

fn params(statement: &serde_json::Value) -> Vec<Value> {
    let empty = Vec::new();
    let cells = statement["params"].as_array().unwrap_or(&empty);
    cells
        .iter()
        .map(|cell| match cell {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Number(number) => Value::Integer(number.as_i64().unwrap()),
            other => Value::Text(other.as_str().unwrap().to_owned()),
        })
        .collect()
}

fn json(rows: Vec<Row>) -> serde_json::Value {
    let cell = |value: Value| match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => number.into(),
        Value::Text(text) => text.into(),
    };
    rows.into_iter().map(|row| row.0.into_iter().map(cell).collect::<serde_json::Value>()).collect()
}

#[test]
fn the_twin_answers_as_the_suite_says() {
    let suite: Vec<serde_json::Value> = serde_json::from_str(include_str!("../store/suite.json")).unwrap();
    for case in suite {
        let name = case["name"].as_str().unwrap();
        let db = Sqlite::open().unwrap();
        let statements = case["statements"].as_array().unwrap();
        let run = db.transaction(|db| -> Result<Vec<serde_json::Value>, StoreError> {
            let one = |statement: &serde_json::Value| {
                SqlConn::run(db, statement["sql"].as_str().unwrap(), &params(statement)).map(json)
            };
            statements.iter().map(one).collect()
        });
        match run {
            Ok(rows) => assert_eq!(serde_json::Value::from(rows), case["rows"], "{name}"),
            Err(error) => assert_eq!(case["error"], true, "{name}: {error}"),
        }
        if let Some(after) = case.get("after") {
            let rows = SqlConn::run(&db, after["sql"].as_str().unwrap(), &[]).unwrap();
            assert_eq!(json(rows), after["rows"], "{name}");
        }
    }
}
