-- The directory and read model of events, and the account records.
-- An event's row is a projection of its object, which writes it again after each change. Of an imported event that
-- has no object yet, its row and its seed (0006) are the record itself.

CREATE TABLE organizer (
  address   TEXT PRIMARY KEY,
  name      TEXT NOT NULL,
  slug      TEXT NOT NULL UNIQUE,
  suspended INTEGER NOT NULL DEFAULT 0,
  -- JSON of scheduling::OrganizerSettings.
  settings  TEXT NOT NULL DEFAULT '{}',
  created   INTEGER NOT NULL
) WITHOUT ROWID;

-- Every slug an organizer has ever had; old ones redirect to organizer.slug.
CREATE TABLE slug (
  slug    TEXT PRIMARY KEY,
  address TEXT NOT NULL
) WITHOUT ROWID;

-- Who may speak about which original UID, and which event that means. Written before the event's first commit.
CREATE TABLE event_binding (
  original_uid TEXT NOT NULL,
  identity     TEXT NOT NULL,
  event_id     TEXT NOT NULL,
  -- owner: the authenticated sender; organizer: the ORGANIZER, who may take over; delegate: named by SENT-BY.
  role         TEXT NOT NULL CHECK (role IN ('owner', 'organizer', 'delegate')),
  PRIMARY KEY (original_uid, identity)
) WITHOUT ROWID;

CREATE TABLE event (
  event_id         TEXT PRIMARY KEY,
  -- Rises with every commit of the object; an older projection never overwrites a newer one.
  version          INTEGER NOT NULL,
  owner            TEXT NOT NULL,
  organizer_name   TEXT NOT NULL,
  prodid           TEXT NOT NULL,
  revision         INTEGER NOT NULL,
  cancelled        INTEGER NOT NULL,
  -- 1 when it may stand on a public page.
  public           INTEGER NOT NULL,
  created          INTEGER NOT NULL,
  last_modified    INTEGER NOT NULL,
  start_at         INTEGER NOT NULL,
  end_at           INTEGER NOT NULL,
  -- End of the last occurrence; NULL for a series without end.
  last_end         INTEGER,
  summary          TEXT NOT NULL,
  description_html TEXT NOT NULL,
  location         TEXT NOT NULL,
  -- JSON of itip::EventDetails and the exceptions, for pages that need zones and occurrences.
  details          TEXT NOT NULL,
  overrides        TEXT NOT NULL,
  attendees        INTEGER NOT NULL DEFAULT 0,
  accepted         INTEGER NOT NULL DEFAULT 0,
  declined         INTEGER NOT NULL DEFAULT 0,
  tentative        INTEGER NOT NULL DEFAULT 0,
  noaction         INTEGER NOT NULL DEFAULT 0,
  -- JSON objects: word -> absolute count.
  origins          TEXT NOT NULL DEFAULT '{}',
  clients          TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;

CREATE INDEX event_by_owner ON event (owner, last_modified DESC);
CREATE INDEX event_by_owner_start ON event (owner, start_at);
CREATE INDEX event_by_modified ON event (last_modified DESC);

CREATE TABLE api_key (
  -- SHA-256 of the key, hexadecimal; the key itself is shown once.
  hash      TEXT PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  label     TEXT NOT NULL,
  -- JSON array of scopes.
  scopes    TEXT NOT NULL,
  created   INTEGER NOT NULL,
  expires   INTEGER
) WITHOUT ROWID;

-- People who asked for no more mail, as keyed hashes. scope: '' for everything, else an organizer's address.
CREATE TABLE suppression (
  address_hash TEXT NOT NULL,
  scope        TEXT NOT NULL,
  reason       TEXT NOT NULL,
  created      INTEGER NOT NULL,
  PRIMARY KEY (address_hash, scope)
) WITHOUT ROWID;

-- How many submissions named a person on one day; the ceiling protects the recipient.
CREATE TABLE submission (
  day          INTEGER NOT NULL,
  address_hash TEXT NOT NULL,
  count        INTEGER NOT NULL,
  PRIMARY KEY (day, address_hash)
) WITHOUT ROWID;

-- Mail that will not leave without a human: refused for good, or of unknown fate too often.
CREATE TABLE dead_letter (
  id       TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  method   TEXT NOT NULL,
  revision INTEGER NOT NULL,
  -- First character and domain only.
  guest    TEXT NOT NULL,
  reason   TEXT NOT NULL,
  created  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX dead_letter_by_created ON dead_letter (created DESC);
