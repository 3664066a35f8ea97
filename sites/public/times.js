// Adds the reader's own time beside the time of the place, where the two differ.
(() => {
  // Days before months and small letters, as the page has them in English; and on the page's clock.
  const { lang } = document.documentElement;
  const language = lang === "en" ? "en-GB" : lang || undefined;
  const clocks = [...document.querySelectorAll('.month li time[datetime*="T"], .clock')];
  const hour12 = clocks.some((clock) => / [ap]m/.test(clock.textContent));
  const wall = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short" });
  for (const place of document.querySelectorAll(".local[data-wall]")) {
    const start = new Date(place.dataset.start);
    if (Number.isNaN(start.getTime())) continue;
    const here = wall.format(start).replace(" ", "T");
    if (here === place.dataset.wall.slice(0, 16)) continue;
    const time = { hour: "numeric", minute: "2-digit", hour12 };
    const date = { weekday: "short", day: "numeric", month: "short" };
    const sameDay = here.slice(0, 10) === place.dataset.wall.slice(0, 10);
    const form = new Intl.DateTimeFormat(language, sameDay ? time : { ...date, ...time });
    const end = place.dataset.end ? new Date(place.dataset.end) : null;
    // A range over midnight names both days in full; the start is enough.
    const span = end > start && end.toDateString() === start.toDateString();
    place.textContent = place.dataset.words.replace("{time}", span ? form.formatRange(start, end) : form.format(start));
    place.hidden = false;
  }

  // Rows of a timetable say the wall and its distance from UTC in one value: 2027-07-02T19:05-04:00. They are told
  // month by month, as the months come near.
  const day = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });
  const yours = document.querySelector("[data-your-time]")?.dataset.yourTime;
  if (!yours) return;
  const rowShort = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit", hour12 });
  const rowLong = new Intl.DateTimeFormat(language, { weekday: "short", hour: "numeric", minute: "2-digit", hour12 });
  const tell = (root) => {
    for (const time of root.querySelectorAll('li time[datetime*="T"]')) {
      const zone = /([+-])(\d\d):(\d\d)$/.exec(time.dateTime);
      if (!zone || time.dataset.told) continue;
      time.dataset.told = "1";
      const start = new Date(time.dateTime);
      const there = (zone[1] === "-" ? -1 : 1) * (zone[2] * 60 + +zone[3]);
      if (start.getTimezoneOffset() === -there) continue;
      const format = day.format(start) === time.dateTime.slice(0, 10) ? rowShort : rowLong;
      const small = document.createElement("small");
      small.textContent = yours.replace("{time}", format.format(start));
      time.append(small);
    }
  };
  const months = document.querySelectorAll(".month");
  document.addEventListener("convoke:rows", (event) => tell(event.target));
  if (!("IntersectionObserver" in window)) { months.forEach(tell); return; }
  const near = new IntersectionObserver((seen) => {
    for (const one of seen) if (one.isIntersecting) { tell(one.target); near.unobserve(one.target); }
  }, { rootMargin: "150% 0px" });
  months.forEach((month, at) => (at === 0 ? tell(month) : near.observe(month)));
})();
