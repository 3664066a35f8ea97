//! Page configurations in D1. Slugs of organizers and of pages share one name space: whoever has had a slug keeps it.

use itip::{CalAddress, Timestamp};

use crate::accounts::OrganizerRow;
use crate::{Database, Row, Statement, StoreError, Value};

/// The page that a slug leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRow {
    /// Whose.
    pub organizer: OrganizerRow,
    /// Its slug today.
    pub slug: String,
    /// JSON of its configuration; `None` for an organizer's own page that nobody has configured.
    pub config: Option<String>,
    /// 0 without a configuration, then rising.
    pub version: u32,
    /// The last change; `None` without a configuration.
    pub modified: Option<Timestamp>,
    /// Rises when anything changes that the public may see of the organizer's events.
    pub events_version: u32,
}

impl PageRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            organizer: OrganizerRow::read(row)?,
            slug: row.text(5)?.to_owned(),
            config: row.maybe_text(6)?.map(str::to_owned),
            version: row.count(7)?,
            modified: row.maybe_integer(8)?.map(Timestamp),
            events_version: row.count(9)?,
        })
    }

    /// Whether it is the organizer's own page, which always exists.
    pub fn is_own(&self) -> bool {
        self.slug == self.organizer.slug
    }
}

/// The page with a slug, or that had it once.
pub async fn page(db: &dyn Database, slug: &str) -> Result<Option<PageRow>, StoreError> {
    let rows = db.run(Statement::new(sql::PAGE, vec![slug.into()])).await?;
    rows.first().map(PageRow::read).transpose()
}

/// An organizer's own page; `None` if there is no such organizer.
pub async fn own_page(db: &dyn Database, owner: &CalAddress) -> Result<Option<PageRow>, StoreError> {
    let rows = db.run(Statement::new(sql::OWN_PAGE, vec![owner.as_str().into()])).await?;
    rows.first().map(PageRow::read).transpose()
}

/// An organizer's own page and then his others by slug; empty if there is no such organizer.
pub async fn pages_of(db: &dyn Database, owner: &CalAddress) -> Result<Vec<PageRow>, StoreError> {
    let params = || vec![owner.as_str().into()];
    let questions = vec![Statement::new(sql::OWN_PAGE, params()), Statement::new(sql::FURTHER_PAGES, params())];
    db.batch(questions).await?.iter().flatten().map(PageRow::read).collect()
}

/// Makes a further page; `false` if the slug is taken or the organizer has `max` of them.
pub async fn add(
    db: &dyn Database,
    owner: &CalAddress,
    slug: &str,
    config: &str,
    max: u32,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let params = vec![slug.into(), owner.as_str().into(), config.into(), now.into(), max.into()];
    let answers = db.batch(vec![claim(owner, slug), Statement::new(sql::ADD, params)]).await?;
    Ok(answers.last().is_some_and(|rows| !rows.is_empty()))
}

/// Changes a page's configuration; `None` if it is no longer the `version` that was seen, or no longer his.
pub async fn save(
    db: &dyn Database,
    owner: &CalAddress,
    slug: &str,
    config: &str,
    version: Option<u32>,
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    let seen: Value = version.map_or(Value::Null, Value::from);
    let params = vec![slug.into(), owner.as_str().into(), config.into(), now.into(), seen];
    let rows = db.run(Statement::new(sql::SAVE, params)).await?;
    rows.first().map(|row| row.count(0)).transpose()
}

/// Gives a further page another slug, to which the old one leads from then on; `false` if the new one is taken.
pub async fn rename(db: &dyn Database, owner: &CalAddress, from: &str, to: &str) -> Result<bool, StoreError> {
    let params = || vec![from.into(), to.into(), owner.as_str().into()];
    let statements =
        vec![claim(owner, to), Statement::new(sql::RENAME, params()), Statement::new(sql::REDIRECT, params())];
    let answers = db.batch(statements).await?;
    Ok(answers.get(1).is_some_and(|rows| !rows.is_empty()))
}

/// Takes a configuration away. A further page is gone then, and its slugs lead to the organizer's own.
pub async fn remove(db: &dyn Database, owner: &CalAddress, slug: &str) -> Result<(), StoreError> {
    let params = || vec![slug.into(), owner.as_str().into()];
    db.batch(vec![Statement::new(sql::REMOVE, params()), Statement::new(sql::LEAD_HOME, params())]).await?;
    Ok(())
}

fn claim(owner: &CalAddress, slug: &str) -> Statement {
    Statement::new(sql::CLAIM, vec![slug.into(), owner.as_str().into()])
}

/// Every statement of this module, named, so that a test can show their query plans.
pub mod sql {
    macro_rules! select_page {
        ($rest:literal) => {
            concat!(
                "SELECT o.address, o.name, o.slug, o.suspended, o.settings, COALESCE(p.slug, o.slug), p.config, \
                 COALESCE(p.version, 0), p.modified, o.events_version FROM ",
                $rest
            )
        };
    }

    /// The page that a slug leads to.
    pub const PAGE: &str = select_page!(
        "slug AS s JOIN organizer AS o ON o.address = s.address \
         LEFT JOIN page AS p ON p.slug = COALESCE(s.page, o.slug) WHERE s.slug = ?1"
    );
    /// An organizer's own page.
    pub const OWN_PAGE: &str =
        select_page!("organizer AS o LEFT JOIN page AS p ON p.slug = o.slug WHERE o.address = ?1");
    /// His others.
    pub const FURTHER_PAGES: &str = select_page!(
        "page AS p JOIN organizer AS o ON o.address = p.owner WHERE p.owner = ?1 AND p.slug <> o.slug ORDER BY p.slug"
    );
    /// The first to claim a slug has it for ever; what he once used for something else he may use again.
    pub const CLAIM: &str = "INSERT INTO slug (slug, address, page) VALUES (?1, ?2, ?1) \
         ON CONFLICT (slug) DO UPDATE SET page = excluded.page \
         WHERE slug.address = excluded.address AND NOT EXISTS (SELECT 1 FROM organizer WHERE slug = ?1)";
    /// A further page, if the slug is its.
    pub const ADD: &str = "INSERT INTO page (slug, owner, config, version, created, modified) \
         SELECT ?1, ?2, ?3, 1, ?4, ?4 \
         WHERE EXISTS (SELECT 1 FROM slug WHERE slug = ?1 AND address = ?2 AND page = ?1) \
         AND (SELECT COUNT(*) FROM page WHERE owner = ?2) < ?5 ON CONFLICT DO NOTHING RETURNING version";
    /// A configuration, written over the version that was seen.
    pub const SAVE: &str = "INSERT INTO page (slug, owner, config, version, created, modified) \
         SELECT ?1, ?2, ?3, 1, ?4, ?4 WHERE EXISTS (SELECT 1 FROM slug WHERE slug = ?1 AND address = ?2) \
         AND (?5 IS NULL OR ?5 = COALESCE((SELECT version FROM page WHERE slug = ?1), 0)) \
         ON CONFLICT (slug) DO UPDATE SET config = excluded.config, version = page.version + 1, \
         modified = excluded.modified RETURNING version";
    /// Another slug for a further page.
    pub const RENAME: &str = "UPDATE page SET slug = ?2 WHERE slug = ?1 AND owner = ?3 \
         AND EXISTS (SELECT 1 FROM slug WHERE slug = ?2 AND address = ?3 AND page = ?2) \
         AND NOT EXISTS (SELECT 1 FROM page WHERE slug = ?2) RETURNING slug";
    /// What led to the old slug leads to the new one.
    pub const REDIRECT: &str = "UPDATE slug SET page = ?2 WHERE page = ?1 AND address = ?3 \
         AND NOT EXISTS (SELECT 1 FROM page WHERE slug = ?1)";
    /// Takes a configuration away.
    pub const REMOVE: &str = "DELETE FROM page WHERE slug = ?1 AND owner = ?2";
    /// What led to a page that is gone leads to the organizer's own.
    pub const LEAD_HOME: &str = "UPDATE slug SET page = NULL WHERE page = ?1 AND address = ?2 \
         AND NOT EXISTS (SELECT 1 FROM page WHERE slug = ?1)";
    /// An organizer's own page moves with his slug.
    pub const MOVE_OWN: &str = "UPDATE page SET slug = ?1 WHERE owner = ?2 \
         AND slug = (SELECT slug FROM organizer WHERE address = ?2) \
         AND EXISTS (SELECT 1 FROM slug WHERE slug = ?1 AND address = ?2 AND page IS NULL)";
}
