// Counts and remembers picks, and filters rows in place. The page works without it.
(() => {
  const store = (slug) => `convoke.picks.${slug}`;
  const sent = document.querySelector("[data-sent]");
  if (sent) {
    try { localStorage.removeItem(store(sent.dataset.sent)); } catch { /* not allowed here */ }
    return;
  }
  const form = document.querySelector("form[data-schedule]");
  if (!form) return;
  const key = store(form.dataset.schedule);
  const boxes = [...form.querySelectorAll('input[name="event"]')];
  const count = form.querySelector("[data-count]");
  const email = form.querySelector("#email");
  const idle = count.textContent;
  const read = () => { try { return JSON.parse(localStorage.getItem(key)) || {}; } catch { return {}; } };
  const write = (value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* not allowed here */ } };
  const kept = read();
  for (const box of boxes) if (Array.isArray(kept.picks) && kept.picks.includes(box.value)) box.checked = true;
  if (!email.value && typeof kept.email === "string") email.value = kept.email;

  const update = () => {
    const picks = boxes.filter((box) => box.checked).map((box) => box.value);
    count.textContent = picks.length ? `${picks.length} picked` : idle;
    write({ picks, email: email.value });
  };
  form.addEventListener("change", update);
  update();
  form.addEventListener("submit", (event) => {
    if (boxes.some((box) => box.checked)) return;
    event.preventDefault();
    count.textContent = "Pick at least one event first";
    boxes[0]?.focus();
  });

  const query = document.querySelector("#q");
  if (!query) return;
  const rows = [...form.querySelectorAll(".row")];
  const months = [...form.querySelectorAll(".month")];
  const none = form.querySelector("[data-none]");
  for (const row of rows) {
    const time = row.querySelector("time");
    const date = time.getAttribute("datetime").slice(0, 10);
    const long = new Date(`${date}T12:00:00Z`).toLocaleDateString("en-GB", { timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric" });
    row.dataset.text = `${row.textContent} ${long}`.toLowerCase();
  }
  const filter = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !words.every((word) => row.dataset.text.includes(word));
    for (const month of months) month.hidden = !month.querySelector(".row:not([hidden])");
    none.hidden = rows.some((row) => !row.hidden);
    const url = new URL(location.href);
    if (query.value) url.searchParams.set("q", query.value); else url.searchParams.delete("q");
    history.replaceState(null, "", url);
  };
  // A page that came filtered from the server holds only its own rows: searching there asks the server again.
  if (query.defaultValue) return;
  query.addEventListener("input", filter);
  query.form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[data-clear]").addEventListener("click", () => { query.value = ""; filter(); query.focus(); });
})();
