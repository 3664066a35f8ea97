-- Whoever has read an organizer's events knows by one number whether they are still the same: it rises with every change
-- of what the public may see of them. Answers of guests are not among it.

ALTER TABLE organizer ADD COLUMN events_version INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER event_added AFTER INSERT ON event
BEGIN
  UPDATE organizer SET events_version = events_version + 1 WHERE address = NEW.owner;
END;

CREATE TRIGGER event_changed AFTER UPDATE ON event
WHEN (OLD.owner, OLD.public, OLD.cancelled, OLD.last_modified, OLD.last_end, OLD.organizer_name)
  IS NOT (NEW.owner, NEW.public, NEW.cancelled, NEW.last_modified, NEW.last_end, NEW.organizer_name)
  OR OLD.details IS NOT NEW.details OR OLD.overrides IS NOT NEW.overrides OR OLD.moved_from IS NOT NEW.moved_from
BEGIN
  UPDATE organizer SET events_version = events_version + 1 WHERE address IN (OLD.owner, NEW.owner);
END;

CREATE TRIGGER event_removed AFTER DELETE ON event
BEGIN
  UPDATE organizer SET events_version = events_version + 1 WHERE address = OLD.owner;
END;
