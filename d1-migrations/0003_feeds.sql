-- Calendars that organizers subscribe to; cron looks for the due ones.

CREATE TABLE feed (
  owner         TEXT NOT NULL,
  -- The organizer's own name for it.
  id            TEXT NOT NULL,
  url           TEXT NOT NULL,
  vanished      TEXT NOT NULL CHECK (vanished IN ('keep', 'cancel')),
  every_minutes INTEGER NOT NULL,
  created       INTEGER NOT NULL,
  due           INTEGER NOT NULL,
  -- What its server said last, for a conditional request.
  etag          TEXT,
  modified      TEXT,
  -- SHA-256 of the last content.
  raw           TEXT,
  checked       INTEGER,
  changed       INTEGER,
  -- In a row.
  failures      INTEGER NOT NULL DEFAULT 0,
  error         TEXT,
  import        TEXT,
  PRIMARY KEY (owner, id)
) WITHOUT ROWID;

CREATE INDEX feed_by_due ON feed (due);
