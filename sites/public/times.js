// Adds the reader's own time beside the time of the place, where the two differ.
(() => {
  const short = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
  const long = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
  const day = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });
  const clock = new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit", hour12: true });
  for (const place of document.querySelectorAll(".local[data-start]")) {
    const start = new Date(place.dataset.start);
    if (Number.isNaN(start.getTime())) continue;
    const here = `${day.format(start)} ${clock.format(start).replace(/[\s\u202f]+/g, " ").toLowerCase()}`;
    if (here === place.dataset.there) continue;
    const sameDay = place.dataset.there.startsWith(day.format(start));
    const end = place.dataset.end ? new Date(place.dataset.end) : null;
    let words = (sameDay && "short" in place.dataset ? short : long).format(start);
    if (end && end - start < 86400000) words += ` – ${short.format(end)}`;
    place.textContent = `${words} your time`;
    place.hidden = false;
  }
})();
