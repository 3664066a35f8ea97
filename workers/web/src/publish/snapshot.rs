//! Snapshots: when one answers, and how they are made.
//!
//! What a reader may see: a change within [`Timing::rebuild_max_secs`] and the minute that KV takes to tell the world;
//! the turn of a day within [`STALE_GRACE_SECS`].
//!
//! [`Timing::rebuild_max_secs`]: scheduling::settings::Timing

use http::{HeaderMap, HeaderValue, Response, StatusCode, header, header::HeaderName};
use itip::{CalAddress, Timestamp};
use scheduling::organizer_object::editions::{Changes, Kept, Rebuild};
use scheduling::ports::{SnapshotHead, Snapshots};
use store::Database;
use views::links::short;

use super::{Edition, FIELDS_BYTES_MAX, Part, PublishContext, Published, Rendered, render};
use crate::auth::{self, KeyHashes};
use crate::error::Problem;
use crate::routes;

/// A snapshot that went stale by itself is still handed out while the next one is made and KV spreads it.
pub const STALE_GRACE_SECS: i64 = 90;
/// With this failure in a row to make a document its snapshot goes: 31 seconds after the first one.
const FAILURES_MAX: u32 = 6;
/// KV takes no shorter life than this.
const LIFE_SECS_MIN: i64 = 60;

impl Published {
    /// What stands beside its bytes.
    pub(super) fn head(&self, part: Part) -> SnapshotHead {
        let mut fields: Vec<(String, String)> =
            self.fields.iter().map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
        let mut add = |name: HeaderName, value: &str| fields.push((name.as_str().to_owned(), value.to_owned()));
        add(header::CONTENT_TYPE, self.content_type);
        add(header::CACHE_CONTROL, part.cache_control());
        add(header::VARY, part.vary());
        if let Some(language) = self.language {
            add(header::CONTENT_LANGUAGE, language.words().tag);
        }
        SnapshotHead { etag: super::tag(&self.body), fields, stale_at: self.stale_at }
    }
}

/// The answer with a document: 304 for who has it.
pub(super) fn answer<B>(headers: &HeaderMap, head: &SnapshotHead, body: B) -> Response<Option<B>> {
    let known = super::is_known(headers, &head.etag);
    let mut response = Response::new((!known).then_some(body));
    *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let etag = [(header::ETAG.as_str(), head.etag.as_str())];
    let fields = head.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in fields.chain(etag) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Answers from a snapshot: one read of KV and nothing else, for an edition that needs a key the look-up of the key
/// before it. `None`: the router answers, with the document or with what is wrong.
pub async fn from_snapshot<S: Snapshots>(
    snapshots: &S,
    edition: &Edition,
    path: &str,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Response<Option<S::Body>>>, Problem> {
    let Some((head, body)) = snapshots.read(&edition.key()).await? else {
        return Ok(None);
    };
    if head.stale_at.is_some_and(|stale_at| stale_at.plus(STALE_GRACE_SECS) <= now) {
        return Ok(None);
    }
    let mut response = answer(headers, &head, body);
    routes::open_to_scripts(path, response.headers_mut());
    Ok(Some(response))
}

/// Whether a caller's key reaches an edition that needs one.
pub async fn admits(
    db: &dyn Database,
    keys: KeyHashes<'_>,
    headers: &HeaderMap,
    edition: &Edition,
    now: Timestamp,
) -> Result<(), Problem> {
    let key = auth::key_in(headers).ok_or(Problem::KeyMissing)?;
    let owner = CalAddress::parse(&edition.name).map_err(|_| Problem::OrganizerNotFound)?;
    auth::access_by(db, keys, key, now).await?.organizer(&owner)
}

/// What a rebuild came to.
#[derive(Debug, Default)]
pub struct Rebuilt {
    /// The documents that are kept, those included that could not be made.
    pub kept: Vec<Kept>,
    /// Why they could not.
    pub failures: Vec<Problem>,
}

/// Makes snapshots anew. Bytes that are the same are not written again. A document that cannot be made stands in
/// nobody's way; an error leaves everything to be done once more.
pub async fn rebuild<S: Snapshots>(
    context: PublishContext<'_>,
    snapshots: &S,
    organizer: &CalAddress,
    rebuild: &Rebuild,
) -> Result<Rebuilt, Problem> {
    let next_differ = match context.kept {
        Some(kept) => kept.refresh(context.db, &rebuild.changes, context.now).await?,
        None => true,
    };
    let mut rebuilt = Rebuilt::default();
    for kept in &rebuild.editions {
        if is_untouched(kept, &rebuild.changes, next_differ, context.now) {
            rebuilt.kept.push(kept.clone());
            continue;
        }
        match remake(context, snapshots, organizer, kept).await {
            Ok(made) => rebuilt.kept.extend(made),
            Err(problem) => {
                let failed = kept.failed();
                if failed.failures >= FAILURES_MAX {
                    // If even that fails, the next failure does it.
                    drop(snapshots.remove(&kept.key).await);
                }
                rebuilt.kept.push(failed);
                rebuilt.failures.push(problem);
            }
        }
    }
    // Nobody is told of changes while nothing is kept up.
    if let (Some(kept), true) = (context.kept, rebuilt.kept.is_empty()) {
        kept.forget();
    }
    Ok(rebuilt)
}

/// Whether what has changed is other events than the one that a document is about, and than those that it names.
fn is_untouched(kept: &Kept, changes: &Changes, next_differ: bool, now: Timestamp) -> bool {
    let is_good = !kept.etag.is_empty() && !kept.unsure && kept.stale_at.is_none_or(|stale_at| stale_at > now);
    let (Changes::Events(events), Some(Edition { part, name, .. })) = (changes, Edition::from_key(&kept.key)) else {
        return false;
    };
    let names_others = match part {
        Part::EventTwin(_) => false,
        Part::Landing => next_differ,
        Part::Schedule | Part::Embed | Part::Frame | Part::PageTwin(_) | Part::EventsList => true,
    };
    is_good && !names_others && !events.iter().any(|event| event.as_str().starts_with(&name))
}

async fn remake<S: Snapshots>(
    context: PublishContext<'_>,
    snapshots: &S,
    organizer: &CalAddress,
    kept: &Kept,
) -> Result<Option<Kept>, Problem> {
    let rendered = match Edition::from_key(&kept.key) {
        Some(edition) => render(context, &edition).await.map(|rendered| Some((edition.part, rendered))),
        None => Ok(None),
    };
    let (part, published) = match rendered {
        Ok(Some((part, Rendered::Here(published)))) if published.keeper.as_ref() == Some(organizer) => {
            (part, published)
        }
        Err(problem) if !problem.is_absence() => return Err(problem),
        Ok(_) | Err(_) => {
            snapshots.remove(&kept.key).await?;
            return Ok(None);
        }
    };
    if kept.until <= context.now.plus(LIFE_SECS_MIN) {
        return Ok(None);
    }
    let fits = published.fields.iter().map(|(_, value)| value.len() + 40).sum::<usize>() <= FIELDS_BYTES_MAX;
    if !fits {
        snapshots.remove(&kept.key).await?;
        return Ok(None);
    }
    let head = published.head(part);
    let new = Kept { etag: head.etag.clone(), stale_at: head.stale_at, unsure: false, failures: 0, ..kept.clone() };
    if new != *kept {
        snapshots.write(&kept.key, &head, &published.body, kept.until).await?;
    }
    Ok(Some(new))
}

/// What open pages are told of a rebuild; nothing if nobody can see a difference. Events are named as pages name them:
/// whole ids open what is not public, too.
pub fn news(rebuild: &Rebuild, kept: &[Kept]) -> Option<String> {
    let of_event = |edition: Edition| matches!(edition.part, Part::Landing | Part::EventTwin(_) | Part::EventsList);
    let is_of_event = |kept: &Kept| Edition::from_key(&kept.key).is_some_and(of_event);
    let made = kept.iter().filter(|kept| kept.failures == 0 && !is_of_event(kept));
    let before = |kept: &Kept| rebuild.editions.iter().find(|before| before.key == kept.key);
    let pairs = made.filter_map(|kept| Some((before(kept)?, kept)));
    let differing: Vec<&Kept> =
        pairs.filter(|(before, kept)| before.unsure || before.etag != kept.etag).map(|(before, _)| before).collect();
    if differing.is_empty() {
        return None;
    }
    // What changed while a page could not be made is not known any more.
    let changes =
        if differing.iter().any(|before| before.failures > 0) { &Changes::Everything } else { &rebuild.changes };
    match changes {
        Changes::Events(events) if events.is_empty() => None,
        Changes::Events(events) => {
            let shorts: Vec<&str> = events.iter().map(short).collect();
            Some(serde_json::json!({ "changed": shorts }).to_string())
        }
        Changes::Everything => Some(serde_json::json!({ "reload": true }).to_string()),
    }
}
