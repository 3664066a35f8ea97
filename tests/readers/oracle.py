"""What Python's zoneinfo, icalendar and dateutil say about times: asked by zones.test.mjs and recurrence.test.mjs.

The argument is the question, standard input its JSON, standard output the answer's.
"""

import datetime
import io
import json
import sys
import warnings
import zoneinfo

import dateutil.rrule
import dateutil.tz
import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

warnings.simplefilter("ignore")
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)
WALL = "%Y%m%dT%H%M%S"


def seconds(moment):
    """Instant of an aware time; in a gap the offset before it, of two equal names the first (RFC 5545 3.3.5)."""
    return int((moment.replace(tzinfo=None) - EPOCH).total_seconds() - moment.utcoffset().total_seconds())


def edges(zone, year):
    """The UTC times in a year at which the clock of a zone changes."""
    tz = zoneinfo.ZoneInfo(zone)
    hour = datetime.datetime(year, 1, 1, tzinfo=UTC)
    found = []
    while hour.year == year:
        later = hour + datetime.timedelta(minutes=30)
        if hour.astimezone(tz).utcoffset() != later.astimezone(tz).utcoffset():
            found.append(later)
        hour = later
    return found


def pairs(asked):
    """Local times around every change of each zone, one in each season, and their instants."""
    found = []
    for zone in asked["zones"]:
        tz = zoneinfo.ZoneInfo(zone)
        for year in asked["years"]:
            walls = [datetime.datetime(year, month, 15, 9, 30) for month in (1, 4, 7, 10)]
            for edge in edges(zone, year):
                before = (edge - datetime.timedelta(seconds=1)).astimezone(tz).replace(tzinfo=None)
                after = edge.astimezone(tz).replace(tzinfo=None)
                for wall in {before, after, before + datetime.timedelta(seconds=1)}:
                    walls += [wall + datetime.timedelta(minutes=minutes) for minutes in (-90, -1, 0, 15, 31, 90)]
            for wall in sorted(set(walls)):
                found.append([zone, wall.strftime(WALL), seconds(wall.replace(tzinfo=tz))])
    return found


def windows(_):
    return WINDOWS_TO_OLSON


def instants(asked):
    """Instants of [zone, local time]."""
    return [
        seconds(datetime.datetime.strptime(local, WALL).replace(tzinfo=zoneinfo.ZoneInfo(zone))) for zone, local in asked
    ]


def dateutil_zone(vtimezone):
    return dateutil.tz.tzical(io.StringIO(vtimezone)).get()


def calendars(texts):
    """DTSTART of single events: by icalendar's own lookup of the TZID, and by dateutil's reading of the VTIMEZONE."""
    found = []
    for text in texts:
        answer = {"icalendar": None, "dateutil": None}
        try:
            start = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]["DTSTART"].dt
            if start.tzinfo:
                answer["icalendar"] = seconds(start)
        except Exception:
            pass
        try:
            wall = datetime.datetime.strptime(text.split("\r\nDTSTART")[-1].split("\r\n")[0][-15:], WALL)
            zone = "BEGIN:VTIMEZONE" + text.split("BEGIN:VTIMEZONE", 1)[1].split("END:VTIMEZONE")[0] + "END:VTIMEZONE\r\n"
            answer["dateutil"] = seconds(wall.replace(tzinfo=dateutil_zone(zone)))
        except Exception:
            pass
        found.append(answer)
    return found


def offsets(texts):
    """[VTIMEZONE, zone, UTC times]: the times at which dateutil, reading the first, and zoneinfo show another offset."""
    wrong = []
    for text, zone, times in texts:
        read, real = dateutil_zone(text), zoneinfo.ZoneInfo(zone)
        for time in times:
            wall = datetime.datetime.fromtimestamp(time, UTC).astimezone(real).replace(tzinfo=None, fold=0)
            first, second = (wall.replace(tzinfo=real, fold=fold).utcoffset() for fold in (0, 1))
            # Of a time that its clock shows twice, a local time does not tell which one it is.
            if first == second and wall.replace(tzinfo=read).utcoffset() != first:
                wrong.append([zone, wall.isoformat(), str(wall.replace(tzinfo=read).utcoffset()), str(first)])
    return wrong


def real_offsets(asked):
    """[offset in seconds, whether the clock shows this time twice] by zoneinfo of [zone, [UTC times]]."""

    def offset(time, zone):
        moment = datetime.datetime.fromtimestamp(time, UTC).astimezone(zoneinfo.ZoneInfo(zone))
        twice = moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
        return [int(moment.utcoffset().total_seconds()), twice]

    return [[offset(time, zone) for time in times] for zone, times in asked]


def changes(asked):
    """When the clock of each zone changes in each of the years."""
    return {zone: [seconds(edge) for year in asked["years"] for edge in edges(zone, year)] for zone in asked["zones"]}


def series(asked):
    """Starts of series, each {start, zone, rule, rdates, exdates, max}; the wall clock decides, then the zone."""
    found = []
    for one in asked:
        start = datetime.datetime.strptime(one["start"], WALL)
        tz = zoneinfo.ZoneInfo(one["zone"])
        wall = lambda text: (
            datetime.datetime.strptime(text, WALL + "Z").replace(tzinfo=UTC).astimezone(tz).replace(tzinfo=None)
            if text.endswith("Z")
            else datetime.datetime.strptime(text, WALL)
        )
        rules = dateutil.rrule.rruleset()
        rule = one["rule"]
        until = rule.split("UNTIL=")[1].split(";")[0] if "UNTIL=" in rule else None
        if until:
            rule = rule.replace(until, (wall(until) if "T" in until else datetime.datetime.strptime(until + "235959", "%Y%m%d%H%M%S")).strftime(WALL))
        rules.rrule(dateutil.rrule.rrulestr(rule, dtstart=start))
        rules.rdate(start)
        for text in one["rdates"]:
            rules.rdate(wall(text))
        for text in one["exdates"]:
            rules.exdate(wall(text))
        starts = []
        for at in rules:
            if at.year > one["last_year"] or len(starts) == one["max"]:
                break
            starts.append(seconds(at.replace(tzinfo=tz)))
        found.append(starts)
    return found


json.dump(globals()[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
