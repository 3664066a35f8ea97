-- Imported events whose object nobody has needed yet.

CREATE TABLE event_seed (
  event_id TEXT PRIMARY KEY,
  -- JSON of scheduling::event_object::Seed: what the object starts from. Removed with its first projection.
  seed     TEXT NOT NULL
) WITHOUT ROWID;
