use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use itip::Timestamp;

use super::season::Events;
use crate::pages::PublicPage;

/// Events that are remembered, of all pages together: some 4 kB each, of the 128 MB that an isolate has.
const EVENTS_MAX: usize = 6_000;

/// The events of the pages that were asked for last, and of searches. A question finds its games among thousands, and
/// reading those is nearly all of its work. A page that is still the same, its [`PublicPage::events_version`] too, has
/// the same events.
#[derive(Default)]
pub struct Seasons(Mutex<Vec<(PublicPage, Arc<Events>)>>);

impl Seasons {
    fn known(&self) -> MutexGuard<'_, Vec<(PublicPage, Arc<Events>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events of a page, if they are known as they are now.
    pub(super) fn get(&self, page: &PublicPage, now: Timestamp) -> Option<Arc<Events>> {
        let known = self.known();
        let one = known.iter().find(|(of, events)| of == page && events.are_right_at(now));
        one.map(|(_, events)| Arc::clone(events))
    }

    /// Remembers the events of the page that is asked for now, and those of as many others as there is room for.
    pub(super) fn keep(&self, page: &PublicPage, events: &Arc<Events>) {
        let mut known = self.known();
        known.retain(|(of, _)| of.slug != page.slug || of.config != page.config);
        known.insert(0, (page.clone(), Arc::clone(events)));
        let mut all = 0;
        known.retain(|(_, events)| {
            all += events.count();
            all <= EVENTS_MAX
        });
    }
}
