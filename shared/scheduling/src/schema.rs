//! Schema steps inside an object: applied once each, in order, in the constructor.

use store::{SqlConn, StoreError};

/// Applies the steps that this object has not seen. Expand before contract: older code may still be running.
pub(crate) fn migrate(conn: &dyn SqlConn, steps: &[&[&str]]) -> Result<(), StoreError> {
    conn.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", &[])?;
    let rows = conn.run("SELECT COALESCE(MAX(version), 0) FROM schema_version", &[])?;
    let seen = rows.first().map_or(Ok(0), |row| row.count(0))?;
    for (version, step) in (1_u32..).zip(steps).skip(seen as usize) {
        for statement in *step {
            conn.run(statement, &[])?;
        }
        conn.run("INSERT INTO schema_version (version) VALUES (?1)", &[version.into()])?;
    }
    Ok(())
}
