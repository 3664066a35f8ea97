"""Prints what Python's icalendar finds in calendar files, as JSON by file name."""

import datetime
import importlib.util
import json
import os
import sys
import zoneinfo

import icalendar

# As in oracle.py: the package is newer than most systems' zones, and laws change.
if importlib.util.find_spec("tzdata"):
    zoneinfo.reset_tzpath(to=())


def instant(prop):
    """UTC, or the date alone."""
    if prop is None:
        return None
    value = prop.dt
    if not isinstance(value, datetime.datetime):
        return value.isoformat()
    return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(component, name):
    value = component.get(name)
    return None if value is None else str(value)


def event(component):
    attendee = component.get("attendee")
    categories = component.get("categories")
    alarms = component.walk("VALARM")
    return {
        "uid": text(component, "uid"),
        "sequence": int(component["sequence"]),
        "summary": text(component, "summary"),
        "description": text(component, "description"),
        "location": text(component, "location"),
        "url": text(component, "url"),
        "categories": [str(one) for one in categories.cats] if categories else None,
        "start": instant(component.get("dtstart")),
        "end": instant(component.get("dtend")),
        "instance": instant(component.get("recurrence-id")),
        "status": text(component, "status"),
        "organizer": text(component, "organizer"),
        "attendee": None if attendee is None else str(attendee),
        "name": None if attendee is None else attendee.params.get("CN"),
        "partstat": None if attendee is None else attendee.params.get("PARTSTAT"),
        "alarm": alarms[0]["trigger"].to_ical().decode() if alarms else None,
    }


found = {}
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        calendar = icalendar.Calendar.from_ical(file.read())
    found[os.path.basename(path)] = {
        "method": text(calendar, "method"),
        "events": [event(component) for component in calendar.walk("VEVENT")],
    }
json.dump(found, sys.stdout)
