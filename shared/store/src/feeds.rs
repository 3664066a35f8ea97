//! Subscribed feeds in D1.

use itip::{CalAddress, Timestamp};

use crate::{Database, Row, Statement, StoreError};

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// Whose.
    pub owner: CalAddress,
    /// His name for it.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// The word for what becomes of events that it no longer has.
    pub vanished: String,
    /// How often it is looked at.
    pub every_minutes: u32,
    /// Since when.
    pub created: Timestamp,
    /// When it is looked at next.
    pub due: Timestamp,
    /// `ETag` of its last content.
    pub etag: Option<String>,
    /// `Last-Modified` of it.
    pub modified: Option<String>,
    /// SHA-256 of it.
    pub raw: Option<String>,
    /// The last answer that was of use.
    pub checked: Option<Timestamp>,
    /// The last answer with other content than before.
    pub changed: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// The last of them.
    pub error: Option<String>,
    /// Its last import.
    pub import: Option<String>,
}

impl FeedRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let text = |column| row.maybe_text(column).map(|text| text.map(str::to_owned));
        Ok(Self {
            owner: CalAddress::parse(row.text(0)?).map_err(|_| StoreError::Shape { column: 0, wanted: "address" })?,
            id: row.text(1)?.to_owned(),
            url: row.text(2)?.to_owned(),
            vanished: row.text(3)?.to_owned(),
            every_minutes: row.count(4)?,
            created: Timestamp(row.integer(5)?),
            due: Timestamp(row.integer(6)?),
            etag: text(7)?,
            modified: text(8)?,
            raw: text(9)?,
            checked: row.maybe_integer(10)?.map(Timestamp),
            changed: row.maybe_integer(11)?.map(Timestamp),
            failures: row.count(12)?,
            error: text(13)?,
            import: text(14)?,
        })
    }
}

/// One feed.
pub async fn feed(db: &dyn Database, owner: &CalAddress, id: &str) -> Result<Option<FeedRow>, StoreError> {
    let rows = db.run(Statement::new(sql::FEED, vec![owner.as_str().into(), id.into()])).await?;
    rows.first().map(FeedRow::read).transpose()
}

/// An organizer's feeds.
pub async fn feeds_of(db: &dyn Database, owner: &CalAddress) -> Result<Vec<FeedRow>, StoreError> {
    db.run(Statement::new(sql::FEEDS_OF, vec![owner.as_str().into()])).await?.iter().map(FeedRow::read).collect()
}

/// Subscribes to a feed, or changes how; it is looked at soon.
pub fn put_feed(row: &FeedRow) -> Statement {
    Statement::new(
        sql::PUT_FEED,
        vec![
            row.owner.as_str().into(),
            row.id.as_str().into(),
            row.url.as_str().into(),
            row.vanished.as_str().into(),
            row.every_minutes.into(),
            row.created.into(),
            row.due.into(),
        ],
    )
}

/// Ends a subscription; the answer holds a row if there was one.
pub fn remove_feed(owner: &CalAddress, id: &str) -> Statement {
    Statement::new(sql::REMOVE_FEED, vec![owner.as_str().into(), id.into()])
}

/// Takes the feeds that are due; whoever takes one has until `again` before it is due once more.
pub async fn take_due(
    db: &dyn Database,
    now: Timestamp,
    again: Timestamp,
    limit: u32,
) -> Result<Vec<(CalAddress, String)>, StoreError> {
    let rows = db.run(Statement::new(sql::TAKE_DUE, vec![now.into(), again.into(), limit.into()])).await?;
    let read = |row: &Row| {
        let owner = CalAddress::parse(row.text(0)?);
        Ok((owner.map_err(|_| StoreError::Shape { column: 0, wanted: "address" })?, row.text(1)?.to_owned()))
    };
    rows.iter().map(read).collect()
}

/// What came of looking at a feed, unless it was pointed elsewhere meanwhile.
pub fn settle_feed(row: &FeedRow) -> Statement {
    Statement::new(
        sql::SETTLE_FEED,
        vec![
            row.owner.as_str().into(),
            row.id.as_str().into(),
            row.url.as_str().into(),
            row.due.into(),
            row.etag.as_deref().into(),
            row.modified.as_deref().into(),
            row.raw.as_deref().into(),
            row.checked.into(),
            row.changed.into(),
            row.failures.into(),
            row.error.as_deref().into(),
            row.import.as_deref().into(),
        ],
    )
}

/// Every statement of this module, named, so that a test can show their query plans.
pub mod sql {
    macro_rules! select_feed {
        ($rest:literal) => {
            concat!(
                "SELECT owner, id, url, vanished, every_minutes, created, due, etag, modified, raw, checked, changed, \
                 failures, error, import FROM feed ",
                $rest
            )
        };
    }

    /// One feed.
    pub const FEED: &str = select_feed!("WHERE owner = ?1 AND id = ?2");
    /// An organizer's feeds.
    pub const FEEDS_OF: &str = select_feed!("WHERE owner = ?1 ORDER BY id");
    /// Adds or changes a feed. Another address has other content, and what has vanished from the same content can mean
    /// something else now: then it is read once more, whole.
    pub const PUT_FEED: &str = "INSERT INTO feed (owner, id, url, vanished, every_minutes, created, due) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (owner, id) DO UPDATE SET url = ?3, vanished = ?4, \
         every_minutes = ?5, due = ?7, failures = 0, error = NULL, \
         etag = CASE WHEN (url, vanished) = (?3, ?4) THEN etag END, \
         modified = CASE WHEN (url, vanished) = (?3, ?4) THEN modified END, \
         raw = CASE WHEN (url, vanished) = (?3, ?4) THEN raw END";
    /// Removes a feed.
    pub const REMOVE_FEED: &str = "DELETE FROM feed WHERE owner = ?1 AND id = ?2 RETURNING id";
    /// Takes what is due.
    pub const TAKE_DUE: &str = "UPDATE feed SET due = ?2 WHERE (owner, id) IN \
         (SELECT owner, id FROM feed WHERE due <= ?1 ORDER BY due LIMIT ?3) RETURNING owner, id";
    /// Stores what came of it.
    pub const SETTLE_FEED: &str = "UPDATE feed SET due = ?4, etag = ?5, modified = ?6, raw = ?7, checked = ?8, \
         changed = ?9, failures = ?10, error = ?11, import = ?12 WHERE owner = ?1 AND id = ?2 AND url = ?3";
}
