"""What Python's zoneinfo, icalendar and dateutil say about times: asked by zones.test.mjs and recurrence.test.mjs.

The argument is the question, standard input its JSON, standard output the answer's.
"""

import datetime
import importlib.util
import io
import itertools
import json
import sys
import warnings
import zoneinfo

import dateutil.rrule
import dateutil.tz
import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

warnings.simplefilter("ignore")
# The installed package `tzdata` is newer than most systems' zones, and laws change.
if importlib.util.find_spec("tzdata"):
    zoneinfo.reset_tzpath(to=())
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)
WALL = "%Y%m%dT%H%M%S"
WEEK = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


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


def wall_time(text, tz):
    """A time as the clock of a zone shows it; of a date, the end of the day."""
    if "T" not in text:
        return datetime.datetime.strptime(text + "T235959", WALL)
    if not text.endswith("Z"):
        return datetime.datetime.strptime(text, WALL)
    return datetime.datetime.strptime(text, WALL + "Z").replace(tzinfo=UTC).astimezone(tz).replace(tzinfo=None)


def rule_times(rule, start):
    """The times of a rule, none before its start. Of a week with BYSETPOS dateutil would count from the start only."""
    begin = start
    if "WEEKLY" in rule and "BYSETPOS" in rule:
        week_start = rule.split("WKST=")[1][:2] if "WKST=" in rule else "MO"
        begin -= datetime.timedelta(days=(start.weekday() - WEEK.index(week_start)) % 7)
    return itertools.dropwhile(lambda at: at < start, dateutil.rrule.rrulestr(rule, dtstart=begin))


def first_starts(asked):
    """The first time that each [time, rule] gives within eight years; None if there is none."""
    found = []
    for start, rule in asked:
        begin = datetime.datetime.strptime(start, WALL)
        try:
            first = next(rule_times(rule + begin.replace(year=begin.year + 8).strftime(";UNTIL=" + WALL), begin), None)
        except ValueError:  # A rule that gives nothing.
            first = None
        found.append(first and first.strftime(WALL))
    return found


def series(asked):
    """The starts of each {start, zone, rule, count, until, rdates, exdates} until the end of a year, at most so many."""
    found = []
    for one in asked:
        tz = zoneinfo.ZoneInfo(one["zone"])
        start = datetime.datetime.strptime(one["start"], WALL)
        last = datetime.datetime(one["last_year"], 12, 31)
        until = min(last, wall_time(one["until"], tz)) if one["until"] else last
        exdates = {wall_time(text, tz) for text in one["exdates"]}
        most = one["count"] or one["max"] + len(exdates)
        times = itertools.islice(rule_times(one["rule"] + until.strftime(";UNTIL=" + WALL), start), most)
        # DTSTART always counts (RFC 5545 section 3.8.5.3).
        times = {start, *times, *(wall_time(text, tz) for text in one["rdates"])} - exdates
        found.append([seconds(at.replace(tzinfo=tz)) for at in sorted(times)[: one["max"]]])
    return found


json.dump(globals()[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
