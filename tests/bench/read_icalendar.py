"""The side of Python's icalendar in read.mjs: see shared/imip/examples/read_fields.rs, which speaks the same way."""

import datetime
import json
import sys
import time as clock

import icalendar

DAY = datetime.timedelta(days=1)


def time(value):
    if not isinstance(value, datetime.datetime):
        return value.strftime("%Y%m%d")
    return str(int((value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)).timestamp()))


def address(prop):
    return prop[7:].lower() if prop[:7].lower() == "mailto:" else prop.lower()


def end(event, start):
    if "DTEND" in event:
        return event["DTEND"].dt
    if "DURATION" in event:
        return start + event["DURATION"].dt
    return start if isinstance(start, datetime.datetime) else start + DAY


def fields(event):
    start = event["DTSTART"].dt
    instance, stamp, organizer = event.get("RECURRENCE-ID"), event.get("DTSTAMP"), event.get("ORGANIZER")
    rule = event.get("RRULE")
    attendees = event.get("ATTENDEE", [])
    return [
        str(event.get("UID", "")).strip(),
        time(instance.dt) if instance else "",
        time(start),
        time(end(event, start)),
        rule.to_ical().decode() if rule else "",
        str(event.get("SUMMARY", "")).strip(),
        str(event.get("LOCATION", "")).strip(),
        str(event.get("DESCRIPTION", "")).strip(),
        address(organizer) if organizer else "",
        str(int(event.get("SEQUENCE", 0))),
        time(stamp.dt) if stamp else "0",
        str(event.get("STATUS", "CONFIRMED")),
        *(
            f"{address(one)} {one.params.get('PARTSTAT', 'NEEDS-ACTION')}"
            for one in (attendees if isinstance(attendees, list) else [attendees])
        ),
    ]


def read(data):
    try:
        return [fields(event) for event in icalendar.Calendar.from_ical(data).walk("VEVENT")]
    except Exception:
        return None


def load(path):
    with open(path, "rb") as file:
        return file.read()


with open(sys.argv[1], encoding="utf-8") as file:
    sets = {name: [load(path) for path in paths] for name, paths in json.load(file).items()}
for line in sys.stdin:
    order, name, number = line.split()
    if order == "check":
        answer = read(sets[name][int(number)])
    else:
        started = clock.perf_counter()
        read_now = (read(data) for _ in range(int(number)) for data in sets[name])
        total = sum(len(event) for events in read_now for event in events or [])
        answer = [clock.perf_counter() - started, total]
    print(json.dumps(answer), flush=True)
