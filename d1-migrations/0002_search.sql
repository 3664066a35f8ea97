-- What a timetable tells beside the event itself, and finding events by words.

-- JSON of itip::When: the time that was announced before the event moved; NULL if it takes place as announced.
ALTER TABLE event ADD COLUMN moved_from TEXT;

-- Of the organizer's settings: the place is told only in invitations.
ALTER TABLE organizer ADD COLUMN hide_place INTEGER
  GENERATED ALWAYS AS (COALESCE(json_extract(settings, '$.hide_place'), 0)) VIRTUAL;

-- The public events' words, folded by timetable::fold. The rowid is the first 13 hexadecimal digits of the event's id:
-- 52 bits, because numbers are bound as doubles. owner is one word made of the address, so that the index finds the
-- words of one organizer among those of all. Nothing asks for phrases, so the index need not know positions.
CREATE VIRTUAL TABLE event_search USING fts5 (
  event_id UNINDEXED, owner, title, teams, place, categories, offer,
  tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3', detail = column
);

-- Events that are known already; each is written anew with its next change.
WITH RECURSIVE digit (event_id, place, value) AS (
  SELECT event_id, 0, 0 FROM event WHERE public = 1
  UNION ALL
  SELECT event_id, place + 1, value * 16 + instr('0123456789abcdef', substr(event_id, place + 1, 1)) - 1
  FROM digit WHERE place < 13
)
INSERT INTO event_search (rowid, event_id, owner, title, teams, place, categories, offer)
SELECT digit.value, event.event_id, 'o' || lower(hex(event.owner)), event.summary, '', event.location,
  (SELECT group_concat(value, ' ') FROM json_each(event.details, '$.categories')),
  json_extract(event.details, '$.description')
FROM digit JOIN event ON event.event_id = digit.event_id WHERE digit.place = 13;
