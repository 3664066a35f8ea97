// What any calendar program must find in the golden files of shared/imip: instants in UTC, texts unescaped.

const UID = "0123456789abcdef0123456789abcdef01234567";

const guest = { attendee: "mailto:ana.lopez@example.com", name: "Ana López", partstat: "NEEDS-ACTION" };

const match = {
  uid: UID,
  sequence: 0,
  summary: "Harbour v. Rovers",
  description: "Doors open at 18:00; bring your ticket, please.\nNo bags.",
  location: "Harbour Park, Gate 4; New York",
  url: "https://club.example/match?id=7&from=mail",
  categories: ["Football", "Home, first team"],
  start: "2030-06-14T23:30:00Z",
  end: "2030-06-15T01:30:00Z",
  status: "CONFIRMED",
};

const course = {
  uid: UID,
  sequence: 0,
  summary: "Life drawing",
  start: "2030-09-02T17:00:00Z",
  end: "2030-09-02T18:30:00Z",
  status: "CONFIRMED",
};

const moved = {
  ...course,
  instance: "2030-11-11T18:00:00Z",
  summary: "Life drawing, guest model",
  location: "Studio 2",
  start: "2030-11-12T17:00:00Z",
  end: "2030-11-12T19:00:00Z",
};

/** Mondays at 19:00 in Paris and one Wednesday; the clocks go back on 27 October. */
const COURSE_STARTS = [
  "2030-09-02T17:00:00Z",
  "2030-09-09T17:00:00Z",
  "2030-09-16T17:00:00Z",
  "2030-09-18T17:00:00Z",
  "2030-09-23T17:00:00Z",
  "2030-10-07T17:00:00Z",
  "2030-10-14T17:00:00Z",
  "2030-10-28T18:00:00Z",
  "2030-11-04T18:00:00Z",
  "2030-11-11T18:00:00Z",
  "2030-11-18T18:00:00Z",
  "2030-11-25T18:00:00Z",
  "2030-12-02T18:00:00Z",
  "2030-12-09T18:00:00Z",
  "2030-12-16T18:00:00Z",
];

const invited = (event) => ({ ...event, ...guest, alarm: "-PT15M" });
const published = (event) => ({ ...event, organizer: "mailto:rsvp@convoke.example" });

export const EXPECTED = {
  "invite.ics": { method: "REQUEST", events: [invited(match)] },
  "update.ics": {
    method: "REQUEST",
    events: [{ ...invited(match), location: "Riverside Ground", partstat: "ACCEPTED" }],
  },
  "cancel.ics": {
    method: "CANCEL",
    events: [{ ...match, ...guest, sequence: 1, status: "CANCELLED", partstat: "ACCEPTED" }],
  },
  "all-day.ics": {
    method: "REQUEST",
    events: [
      invited({ uid: UID, sequence: 0, summary: "Summer festival", start: "2030-07-05", end: "2030-07-08", status: "CONFIRMED" }),
    ],
  },
  "series.ics": { method: "REQUEST", events: [invited(course), invited(moved)], starts: COURSE_STARTS },
  "series-cancel.ics": {
    method: "CANCEL",
    events: [{ ...course, ...guest, sequence: 2, status: "CANCELLED" }],
    starts: COURSE_STARTS,
  },
  "series-ended.ics": {
    method: "REQUEST",
    events: [invited(course)],
    starts: [...COURSE_STARTS.slice(0, 5), "2030-09-30T17:00:00Z"],
  },
  "instances.ics": { method: "REQUEST", events: [invited(moved)] },
  "world.ics": {
    method: "REQUEST",
    events: [
      invited({
        uid: UID,
        sequence: 0,
        summary: "Concierto de fin de año 🎉 大晦日コンサート",
        description:
          "¡Ven con tu peña! 日本代表の試合を一緒に見ましょう。\n👨‍👩‍👧‍👦 🎸 – “entrada libre” — naïve, Łódź, Ærø",
        location: "Estadio Manzanares, Av. de la Constitución 12, 28001 Madrid, España; puerta 3 (東口)",
        start: "2030-12-31T21:00:00Z",
        end: "2031-01-01T00:00:00Z",
        status: "CONFIRMED",
      }),
    ].map((event) => ({ ...event, name: 'José "Pepe" Muñoz: 太郎' })),
  },
  "two-zones.ics": {
    method: "REQUEST",
    events: [
      invited({
        uid: UID,
        sequence: 0,
        summary: "Away trip",
        start: "2030-03-09T01:15:00Z",
        end: "2030-03-09T13:00:00Z",
        status: "CONFIRMED",
      }),
    ],
  },
  "own-zone.ics": {
    method: "REQUEST",
    events: [
      invited({
        uid: UID,
        sequence: 0,
        summary: "Captain's dinner",
        start: "2030-05-02T18:30:00Z",
        end: "2030-05-02T20:30:00Z",
        status: "CONFIRMED",
      }),
    ],
    starts: ["2030-05-02T18:30:00Z", "2030-05-03T18:30:00Z", "2030-05-05T18:30:00Z", "2030-05-06T18:30:00Z"],
  },
  "reply.ics": {
    method: "REPLY",
    events: [
      {
        ...match,
        uid: "040000008200E00074C5B7101A82E008@mail.example",
        organizer: "mailto:office@harbour.example",
        attendee: "mailto:create@convoke.example",
        name: "Convoke",
        partstat: "ACCEPTED",
      },
    ],
  },
  "feed.ics": {
    method: "PUBLISH",
    about: {
      uid: "2d711642b726b04401627ca9fbac32f5c8530fb1",
      name: "Harbour FC, all matches",
      description: "Every match; home and away.\nNews first.",
      url: "https://convoke.example/s/harbour?side=home",
      source: "https://convoke.example/s/harbour.ics?side=home",
      image: "https://club.example/logo.png",
      color: "chocolate",
      categories: "Football,Home, away",
      "last-modified": "2030-05-01T10:14:00Z",
      "refresh-interval": "PT60M",
      "x-wr-calname": "Harbour FC, all matches",
      "x-wr-timezone": "America/New_York",
    },
    events: [
      {
        ...match,
        description: `${match.description}\n\n${match.url}`,
        url: "https://convoke.example/e/0123456789ab",
      },
      { ...course, uid: "89abcdef0123456789abcdef0123456789abcdef" },
      { ...moved, uid: "89abcdef0123456789abcdef0123456789abcdef" },
      { ...match, uid: "fedcba9876543210fedcba9876543210fedcba98", status: "CANCELLED" },
    ].map(published),
  },
  "file.ics": { method: null, events: [published(match)] },
};
