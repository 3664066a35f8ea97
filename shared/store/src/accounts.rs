//! Account records in D1: organizers and their slugs, keys, suppressions, ceilings, dead letters.

use itip::{CalAddress, EventId, Method, Timestamp};

use crate::{Database, Row, Statement, StoreError, pages};

/// An organizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizerRow {
    /// His authenticated address.
    pub address: CalAddress,
    /// The name on pages and in From.
    pub name: String,
    /// The last part of his page's address.
    pub slug: String,
    /// May neither create nor invite.
    pub suspended: bool,
    /// JSON of his settings.
    pub settings: String,
}

impl OrganizerRow {
    pub(crate) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            address: CalAddress::parse(row.text(0)?).map_err(|_| StoreError::Shape { column: 0, wanted: "address" })?,
            name: row.text(1)?.to_owned(),
            slug: row.text(2)?.to_owned(),
            suspended: row.integer(3)? != 0,
            settings: row.text(4)?.to_owned(),
        })
    }
}

/// The organizer with an address.
pub async fn organizer(db: &dyn Database, address: &CalAddress) -> Result<Option<OrganizerRow>, StoreError> {
    let rows = db.run(Statement::new(sql::ORGANIZER, vec![address.as_str().into()])).await?;
    rows.first().map(OrganizerRow::read).transpose()
}

/// Makes an organizer with the first free of the `slugs`; an existing one keeps everything.
pub async fn enroll_organizer(
    db: &dyn Database,
    address: &CalAddress,
    name: &str,
    slugs: &[String],
    now: Timestamp,
) -> Result<Option<OrganizerRow>, StoreError> {
    for slug in slugs {
        let params = vec![address.as_str().into(), name.into(), slug.as_str().into(), now.into()];
        db.batch(vec![
            Statement::new(sql::CLAIM_SLUG, vec![slug.as_str().into(), address.as_str().into()]),
            Statement::new(sql::ENROLL_ORGANIZER, params),
        ])
        .await?;
        if let Some(row) = organizer(db, address).await? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Gives an organizer another slug; `false` if somebody else has it, or another page of his own.
pub async fn change_slug(db: &dyn Database, address: &CalAddress, slug: &str) -> Result<bool, StoreError> {
    let statements = [sql::CLAIM_SLUG, pages::sql::MOVE_OWN, sql::CHANGE_SLUG];
    db.batch(statements.map(|sql| Statement::new(sql, vec![slug.into(), address.as_str().into()])).to_vec()).await?;
    Ok(organizer(db, address).await?.is_some_and(|row| row.slug == slug))
}

/// Stores an organizer's settings or name.
pub fn save_organizer(address: &CalAddress, name: &str, settings: &str, suspended: bool) -> Statement {
    let params = vec![address.as_str().into(), name.into(), settings.into(), suspended.into()];
    Statement::new(sql::SAVE_ORGANIZER, params)
}

/// A key of the API, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Its public name.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// JSON array of scopes.
    pub scopes: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

impl ApiKeyRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?.to_owned(),
            label: row.text(1)?.to_owned(),
            scopes: row.text(2)?.to_owned(),
            created: Timestamp(row.integer(3)?),
            expires: row.maybe_integer(4)?.map(Timestamp),
        })
    }
}

/// The key whose SHA-256 is `hash`.
pub async fn api_key(db: &dyn Database, hash: &str) -> Result<Option<ApiKeyRow>, StoreError> {
    let rows = db.run(Statement::new(sql::API_KEY, vec![hash.into()])).await?;
    rows.first().map(ApiKeyRow::read).transpose()
}

/// Every key, newest first.
pub async fn api_keys(db: &dyn Database) -> Result<Vec<ApiKeyRow>, StoreError> {
    db.run(Statement::new(sql::API_KEYS, Vec::new())).await?.iter().map(ApiKeyRow::read).collect()
}

/// Stores a key's hash.
pub fn add_api_key(hash: &str, key: &ApiKeyRow) -> Statement {
    Statement::new(
        sql::ADD_API_KEY,
        vec![
            hash.into(),
            key.id.as_str().into(),
            key.label.as_str().into(),
            key.scopes.as_str().into(),
            key.created.into(),
            key.expires.into(),
        ],
    )
}

/// Ends a key; the answer holds a row if there was one.
pub fn remove_api_key(id: &str) -> Statement {
    Statement::new(sql::REMOVE_API_KEY, vec![id.into()])
}

/// Whether a person asked for no more mail from this organizer, or from anybody.
pub async fn is_suppressed(db: &dyn Database, address_hash: &str, organizer: &CalAddress) -> Result<bool, StoreError> {
    let params = vec![address_hash.into(), organizer.as_str().into()];
    Ok(!db.run(Statement::new(sql::SUPPRESSED, params)).await?.is_empty())
}

/// Which of these people (a JSON array of hashes) asked for no more mail.
pub async fn suppressed_among(
    db: &dyn Database,
    hashes: &[String],
    organizer: &CalAddress,
) -> Result<Vec<String>, StoreError> {
    let json = serde_json::to_string(hashes).map_err(|error| StoreError::Json(error.to_string()))?;
    let rows = db.run(Statement::new(sql::SUPPRESSED_AMONG, vec![json.into(), organizer.as_str().into()])).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// Suppresses a person for one organizer, or with `None` for everybody.
pub fn suppress(address_hash: &str, organizer: Option<&CalAddress>, reason: &str, now: Timestamp) -> Statement {
    let scope = organizer.map_or("", CalAddress::as_str);
    Statement::new(sql::SUPPRESS, vec![address_hash.into(), scope.into(), reason.into(), now.into()])
}

/// Counts a submission for a person and returns how many there were today, this one included.
pub async fn count_submission(db: &dyn Database, address_hash: &str, now: Timestamp) -> Result<u32, StoreError> {
    let day = now.0.div_euclid(86_400);
    let rows = db.run(Statement::new(sql::COUNT_SUBMISSION, vec![day.into(), address_hash.into()])).await?;
    rows.first().map_or(Ok(1), |row| row.count(0))
}

/// Forgets submissions of earlier days.
pub fn forget_submissions(now: Timestamp) -> Statement {
    Statement::new(sql::FORGET_SUBMISSIONS, vec![now.0.div_euclid(86_400).into()])
}

/// A mail that waits for a human.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeadLetter {
    /// Its key.
    pub id: String,
    /// The event it is about.
    pub event_id: EventId,
    /// REQUEST or CANCEL.
    pub method: Method,
    /// The event's revision.
    pub revision: u32,
    /// First character and domain of the guest.
    pub guest: String,
    /// Why it did not leave.
    pub reason: String,
    /// When it was given up.
    pub created: Timestamp,
}

/// Dead letters, newest first. `before` is the (`created`, `id`) of the last one of the page before.
pub async fn dead_letters(
    db: &dyn Database,
    before: Option<(Timestamp, &str)>,
    limit: u32,
) -> Result<Vec<DeadLetter>, StoreError> {
    let (at, id) = before.unwrap_or((Timestamp(i64::from(u32::MAX) * 1000), "~"));
    db.run(Statement::new(sql::DEAD_LETTERS, vec![at.into(), id.into(), limit.into()]))
        .await?
        .iter()
        .map(read_dead_letter)
        .collect()
}

/// One dead letter.
pub async fn dead_letter(db: &dyn Database, id: &str) -> Result<Option<DeadLetter>, StoreError> {
    let rows = db.run(Statement::new(sql::DEAD_LETTER, vec![id.into()])).await?;
    rows.first().map(read_dead_letter).transpose()
}

fn read_dead_letter(row: &Row) -> Result<DeadLetter, StoreError> {
    Ok(DeadLetter {
        id: row.text(0)?.to_owned(),
        event_id: EventId::parse(row.text(1)?).ok_or(StoreError::Shape { column: 1, wanted: "event id" })?,
        method: Method::parse(row.text(2)?).ok_or(StoreError::Shape { column: 2, wanted: "method" })?,
        revision: row.count(3)?,
        guest: row.text(4)?.to_owned(),
        reason: row.text(5)?.to_owned(),
        created: Timestamp(row.integer(6)?),
    })
}

/// Files a dead letter; the same one twice is one.
pub fn bury(letter: &DeadLetter) -> Statement {
    Statement::new(
        sql::BURY,
        vec![
            letter.id.as_str().into(),
            letter.event_id.as_str().into(),
            letter.method.as_str().into(),
            letter.revision.into(),
            letter.guest.as_str().into(),
            letter.reason.as_str().into(),
            letter.created.into(),
        ],
    )
}

/// Takes a dead letter away: it is being sent again.
pub fn exhume(id: &str) -> Statement {
    Statement::new(sql::EXHUME, vec![id.into()])
}

/// Every statement of this module, named, so that a test can show their query plans.
pub mod sql {
    /// One organizer.
    pub const ORGANIZER: &str = "SELECT address, name, slug, suspended, settings FROM organizer WHERE address = ?1";
    /// The first to claim a slug has it for ever.
    pub const CLAIM_SLUG: &str = "INSERT INTO slug (slug, address) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    /// A new organizer, if the slug is his.
    pub const ENROLL_ORGANIZER: &str = "INSERT INTO organizer (address, name, slug, created) \
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM slug WHERE slug = ?3 AND address = ?1) \
         ON CONFLICT DO NOTHING";
    /// Another slug, if it is his.
    pub const CHANGE_SLUG: &str = "UPDATE organizer SET slug = ?1 WHERE address = ?2 \
         AND EXISTS (SELECT 1 FROM slug WHERE slug = ?1 AND address = ?2 AND page IS NULL)";
    /// Name, settings, suspension.
    pub const SAVE_ORGANIZER: &str = "UPDATE organizer SET name = ?2, settings = ?3, suspended = ?4 WHERE address = ?1";
    /// A key by its hash.
    pub const API_KEY: &str = "SELECT id, label, scopes, created, expires FROM api_key WHERE hash = ?1";
    /// All keys; there are few.
    pub const API_KEYS: &str = "SELECT id, label, scopes, created, expires FROM api_key ORDER BY created DESC, id";
    /// A new key.
    pub const ADD_API_KEY: &str = "INSERT INTO api_key (hash, id, label, scopes, created, expires) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    /// Ends a key.
    pub const REMOVE_API_KEY: &str = "DELETE FROM api_key WHERE id = ?1 RETURNING id";
    /// Is a person suppressed?
    pub const SUPPRESSED: &str = "SELECT 1 FROM suppression WHERE address_hash = ?1 AND scope IN ('', ?2) LIMIT 1";
    /// Which of many are?
    pub const SUPPRESSED_AMONG: &str = "SELECT DISTINCT s.address_hash FROM json_each(?1) AS wanted \
         JOIN suppression AS s ON s.address_hash = wanted.value AND s.scope IN ('', ?2)";
    /// Suppresses a person.
    pub const SUPPRESS: &str = "INSERT INTO suppression (address_hash, scope, reason, created) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    /// Counts a submission.
    pub const COUNT_SUBMISSION: &str = "INSERT INTO submission (day, address_hash, count) VALUES (?1, ?2, 1) \
         ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count";
    /// Forgets earlier days.
    pub const FORGET_SUBMISSIONS: &str = "DELETE FROM submission WHERE day < ?1";
    /// Dead letters, newest first.
    pub const DEAD_LETTERS: &str = "SELECT id, event_id, method, revision, guest, reason, created FROM dead_letter \
         WHERE (created, id) < (?1, ?2) ORDER BY created DESC, id DESC LIMIT ?3";
    /// One dead letter.
    pub const DEAD_LETTER: &str =
        "SELECT id, event_id, method, revision, guest, reason, created FROM dead_letter WHERE id = ?1";
    /// Files one.
    pub const BURY: &str = "INSERT INTO dead_letter (id, event_id, method, revision, guest, reason, created) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    /// Takes one away.
    pub const EXHUME: &str = "DELETE FROM dead_letter WHERE id = ?1";
}
