-- How organizers want their pages. An organizer's own slug always has a page; without a row here it has the defaults.

CREATE TABLE page (
  slug     TEXT PRIMARY KEY,
  owner    TEXT NOT NULL,
  -- JSON of timetable::PageConfig.
  config   TEXT NOT NULL,
  -- Rises with every change.
  version  INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  modified INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX page_by_owner ON page (owner, slug);

-- The further page that a slug leads to now; NULL: the organizer's own.
ALTER TABLE slug ADD COLUMN page TEXT;

CREATE INDEX slug_by_page ON slug (page) WHERE page IS NOT NULL;
