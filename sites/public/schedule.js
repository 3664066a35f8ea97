// Counts and remembers picks, filters rows in place, and takes in rows that change. The page works without it.
(() => {
  const storage = {
    read: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    write: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* not allowed here */ } },
    remove: (key) => { try { localStorage.removeItem(key); } catch { /* not allowed here */ } },
  };
  const picksOf = (slug) => `convoke.picks.${slug}`;
  const sent = document.querySelector("[data-sent]");
  if (sent) { storage.remove(picksOf(sent.dataset.sent)); return; }

  const find = document.querySelector(".find");
  const box = document.querySelector("#q");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || !box || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]):not([type=radio]), select, textarea")) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
  const form = document.querySelector("form[data-schedule]");
  if (!form) return;
  const words = form.dataset;
  // What is said already is not said again, and not laid out again.
  const write = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };
  const figures = new Intl.NumberFormat(document.documentElement.lang, { useGrouping: "always" });
  const filled = (phrase, values) => phrase.replace(/\{(\w+)\}/g, (_, name) => figures.format(values[name]));

  // Picks. Those that this view does not show are kept and sent, too.
  const key = picksOf(words.schedule);
  const whole = "whole" in words;
  const most = Number(words.max);
  const inputs = () => form.querySelectorAll('input[name^="event"]');
  const picks = new Set(storage.read(key)?.picks ?? []);
  const count = form.querySelector("[data-count]");
  const untick = form.querySelector("[data-untick]");
  const email = form.querySelector("#email");
  const remember = form.querySelector("[data-remember]");
  const here = new Map();
  const meet = (root) => {
    for (const input of root.querySelectorAll('input[name^="event"]')) {
      here.set(input.value, input);
      if (input.checked) picks.add(input.value);
      else if (picks.has(input.value)) input.checked = true;
    }
  };
  meet(form);
  if (whole) for (const pick of picks) if (!here.has(pick)) picks.delete(pick);
  const isShown = (pick) => { const row = here.get(pick)?.closest("li"); return row && !row.hidden && !row.closest("[hidden]"); };
  const tell = () => {
    const elsewhere = [...picks].filter((pick) => !isShown(pick)).length;
    let text = count.dataset.idle;
    if (picks.size) text = filled(picks.size === 1 ? words.one : words.many, { count: picks.size });
    if (elsewhere) text += `, ${filled(words.elsewhere, { count: elsewhere })}`;
    write(count, text);
    untick.hidden = picks.size === 0;
    storage.write(key, { picks: [...picks] });
  };
  const set = (input, on) => {
    if (input.checked !== on) input.checked = on;
    if (on) picks.add(input.value); else picks.delete(input.value);
  };
  const say = (text) => { count.textContent = text; };
  // Browsers leave where it is what the bar half covers; who goes by keyboard wants to see all of it.
  form.addEventListener("focusin", ({ target }) => {
    if (target.matches(":focus-visible") && !target.closest(".bar")) target.scrollIntoView({ block: "nearest" });
  });
  form.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.name?.startsWith("event")) return;
    if (input.type === "radio") for (const other of inputs()) if (other.name === input.name) picks.delete(other.value);
    set(input, input.checked);
    label(input.closest(".month"));
    tell();
  });
  untick.addEventListener("click", () => {
    for (const input of inputs()) input.checked = false;
    picks.clear();
    months().forEach(label);
    tell();
    form.querySelector(".month:not([hidden]) .day:not([hidden]) li:not([hidden]) input")?.focus({ preventScroll: true });
  });
  const tick = (root, on) => {
    settle({ atOnce: true });
    let full = false;
    for (const input of root.querySelectorAll('input[name="event"]')) {
      if (!isShown(input.value)) continue;
      full = on && picks.size >= most && !input.checked;
      if (full) break;
      set(input, on);
    }
    months().forEach(label);
    tell();
    if (full) say(words.most);
  };
  const all = document.querySelector("[data-all]");
  // It goes nowhere: it is a button, and has a button's keys.
  const press = (event) => { if (event.key === " ") { event.preventDefault(); event.currentTarget.click(); } };
  all?.setAttribute("role", "button");
  all?.addEventListener("keydown", press);
  all?.addEventListener("click", (event) => { event.preventDefault(); tick(form, true); });
  // Every month has a button for all of it. What it says follows what is ticked.
  const months = () => [...form.querySelectorAll(".month")];
  const hasOpen = (month) => [...month.querySelectorAll('input[name="event"]')].some((input) => !input.checked && isShown(input.value));
  const name = (button, text) => {
    write(button, text);
    // In a list of buttons, too, it says which month.
    button.ariaLabel = `${text}: ${button.previousElementSibling.textContent}`;
  };
  const label = (month) => {
    const button = month?.querySelector(".head button");
    if (button) name(button, hasOpen(month) ? words.tickMonth : words.untickMonth);
  };
  const dress = (month) => {
    if (month.matches(".slots")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.addEventListener("click", () => tick(month, hasOpen(month)));
    month.querySelector(".head").append(button);
    name(button, words.tickMonth);
  };
  months().forEach(dress);

  // The address is kept only by those who say so.
  const addressKey = "convoke.email";
  const kept = storage.read(addressKey);
  remember.closest("label").hidden = false;
  if (typeof kept === "string" && kept) { remember.checked = true; if (!email.value) email.value = kept; }
  const keep = () => (remember.checked && email.value ? storage.write(addressKey, email.value) : storage.remove(addressKey));
  remember.addEventListener("change", keep);
  email.addEventListener("change", () => { if (remember.checked) keep(); });
  // A browser's own balloon is gone after seconds, and not every screen reader says it.
  form.noValidate = true;
  const problem = form.querySelector("#problem");
  const refuse = (text) => {
    problem.textContent = text;
    email.setAttribute("aria-errormessage", problem.id);
    email.setAttribute("aria-invalid", String(text !== ""));
  };
  email.addEventListener("input", () => { if (problem.textContent) refuse(""); });
  form.addEventListener("submit", (event) => {
    if (picks.size > 0 && !email.validity.valid) {
      event.preventDefault();
      refuse(email.value ? problem.dataset.wrong : problem.dataset.missing);
      email.focus();
      return;
    }
    const wrong = picks.size === 0 ? words.first : picks.size > most ? words.most : "";
    if (wrong) {
      event.preventDefault();
      say(wrong);
      form.querySelector(".month:not([hidden]) .day:not([hidden]) li:not([hidden]) input")?.focus();
      return;
    }
    if (remember.checked) keep();
    for (const pick of picks) {
      if (here.has(pick)) continue;
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: "event", value: pick });
      form.append(input);
    }
  });
  // An address that came with a question has done its work: it does not stay in the history.
  const url = new URL(location.href);
  if (url.searchParams.get("q")?.includes("@")) {
    url.searchParams.set("q", url.searchParams.get("q").split(/\s+/).filter((word) => !word.includes("@")).join(" "));
    history.replaceState(null, "", url);
  }
  tell();
  // Ticks outlive a reload in the storage. Browsers would keep them again at every new address, each of thousands.
  if (storage.read(key)) form.autocomplete = "off";

  // The months to jump to, and which of them is looked at. A strip of one says nothing and is hidden.
  const strip = document.querySelector(".months");
  const linkOf = (month) => strip?.querySelector(`a[href="#${month.id}"]`);
  const near = new Set();
  const watch = strip && "IntersectionObserver" in window && new IntersectionObserver((changes) => {
    for (const one of changes) if (one.isIntersecting) near.add(one.target); else near.delete(one.target);
    const first = months().find((month) => near.has(month));
    if (!first) return;
    for (const link of strip.children) {
      if (link !== linkOf(first)) { link.removeAttribute("aria-current"); continue; }
      if (link.hasAttribute("aria-current")) continue;
      link.setAttribute("aria-current", "true");
      strip.scrollLeft = link.offsetLeft - strip.offsetLeft - (strip.clientWidth - link.clientWidth) / 2;
    }
  }, { rootMargin: "-136px 0px -50% 0px" });
  const measure = () => { if (strip) strip.hidden = strip.children.length < 2; };
  if (watch) for (const month of months()) watch.observe(month);
  const arrive = (month) => {
    dress(month);
    if (!strip || !month.id) return;
    const link = document.createElement("a");
    link.href = `#${month.id}`;
    const name = document.createElement("span");
    // The last word of its days.
    name.textContent = month.querySelector("h3 b").nextSibling.textContent.trim();
    link.append(name);
    const all = months();
    const after = all[all.indexOf(month) + 1];
    strip.insertBefore(link, after ? linkOf(after) : null);
    if (watch) watch.observe(month);
    measure();
  };
  const leave = (month) => {
    if (watch) watch.unobserve(month);
    near.delete(month);
    if (strip) linkOf(month)?.remove();
    month.remove();
    measure();
  };

  // Filtering in place. A page that came filtered holds only its own rows: narrowing it otherwise asks the server.
  const narrow = document.querySelector(".narrow");
  for (const select of narrow?.querySelectorAll("select") ?? []) {
    select.addEventListener("change", () => (whole ? filter() : narrow.requestSubmit()));
  }
  narrow?.querySelector("button")?.setAttribute("hidden", "");
  // On a phone they are a strip, and browsers leave where it is what is half in view.
  narrow?.addEventListener("focusin", ({ target }) => target.scrollIntoView({ block: "nearest", inline: "nearest" }));
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[\u2019']/g, "");
  let rows = null;
  let calendar = [];
  const read = (li, title, dayWords, date) => ({
    li,
    text: fold(` ${title} ${[...li.firstElementChild.children].map((cell) => cell.textContent).join(" ")} ${dayWords}`),
    month: date.slice(0, 7),
    weekend: [0, 6].includes(new Date(`${date}T12:00Z`).getUTCDay()),
    side: li.dataset.side,
    offer: li.querySelector(".offer") !== null,
    open: li.querySelector("input") !== null,
  });
  const prepare = () => {
    const long = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: "UTC", weekday: "long", day: "numeric", month: "long", year: "numeric" });
    rows = [];
    calendar = months().map((section) => {
      const title = section.matches(".slots") ? section.querySelector("h2").textContent : "";
      const days = [...section.querySelectorAll(".day")].map((element) => {
        const date = element.querySelector("li time").dateTime.slice(0, 10);
        const dayWords = `${element.querySelector("h3").textContent} ${long.format(new Date(`${date}T12:00Z`))}`;
        const own = [...element.querySelectorAll("li")].map((li) => read(li, title, dayWords, date));
        rows.push(...own);
        return { element, rows: own };
      });
      return { section, days };
    });
  };
  const none = form.querySelector("[data-none]");
  const found = document.querySelector("[data-found]");
  const note = document.querySelector("#q-note");
  const on = (part) => narrow?.querySelector(`[data-part="${part}"]`)?.getAttribute("aria-current") === "true";
  const chosen = (name) => narrow?.querySelector(`select[name="${name}"]`)?.value ?? "";
  const filter = () => {
    if (!rows) prepare();
    const asked = box ? fold(box.value).split(/[\s,;]+/).filter(Boolean) : [];
    // A word that no row has is one of a sentence, for the server to understand.
    const known = asked.map((word) => rows.map(({ text }) => text.includes(` ${word}`))).filter((has) => has.includes(true));
    write(note, known.length < asked.length ? note?.dataset.ask : note?.dataset.idle);
    const team = fold(chosen("team"));
    const month = chosen("month");
    const [home, away, weekend, offers] = ["side=home", "side=away", "day=sat,sun", "offers=1"].map(on);
    let shown = 0;
    for (const [at, row] of rows.entries()) {
      row.fits = (!month || row.month === month) && (!weekend || row.weekend) && (!offers || row.offer)
        && (!home || row.side === "home") && (!away || row.side === "away")
        && (!team || row.text.includes(team)) && known.every((has) => has[at]);
      if (row.fits) shown += 1;
    }
    none.hidden = shown > 0;
    const narrowed = shown !== rows.length;
    // That there is no filter any more is said, not shown.
    if (narrowed || found?.textContent) write(found, filled(words.found, { count: shown, total: words.total }));
    found?.classList.toggle("hush", !narrowed);
    write(all, filled(words.tick, { count: rows.filter(({ fits, open }) => fits && open).length }));
    changes = showing();
    settle();
  };
  // Of thousands of rows a filter shows the first screen at once, and the rest when the typing pauses: nobody waits for
  // the layout of what is far below.
  const ROW_PX = 120;
  const SLICE_MS = 4;
  const PAUSE_MS = 120;
  let changes = null;
  let timer = 0;
  /** Shows what fits, from above, then says so; yields how many rows have appeared. The address is a slice by itself. */
  function* showing() {
    for (const { section, days } of calendar) {
      let any = false;
      for (const { element, rows: own } of days) {
        const fitting = own.filter(({ fits }) => fits).length;
        const appears = element.hidden && fitting > 0;
        // Of a day that is hidden its rows may be as they are.
        for (const { li, fits } of fitting ? own : []) {
          if (li.hidden !== fits) continue;
          li.hidden = !fits;
          if (fits && !appears) yield 1;
        }
        element.hidden = !fitting;
        if (fitting) section.hidden = false;
        any ||= fitting > 0;
        yield appears ? fitting : 0;
      }
      section.hidden = !any;
      linkOf(section)?.toggleAttribute("hidden", !any);
    }
    tell();
    yield Infinity;
    locate();
  }
  const settle = ({ atOnce = false, rows: most = innerHeight / ROW_PX, wait = PAUSE_MS } = {}) => {
    clearTimeout(timer);
    if (!changes) return;
    const until = performance.now() + SLICE_MS;
    for (let appeared = 0; atOnce || (appeared < most && performance.now() < until); ) {
      const { done, value } = changes.next();
      if (done) {
        changes = null;
        return;
      }
      appeared += value;
    }
    timer = setTimeout(settle, wait, { rows: Infinity, wait: 0 });
  };
  // The address says what is shown.
  const locate = () => {
    const to = new URL(location.href);
    const put = (name, value) => (value ? to.searchParams.set(name, value) : to.searchParams.delete(name));
    put("q", box?.value.trim());
    put("team", chosen("team"));
    put("month", chosen("month"));
    put("side", on("side=home") ? "home" : on("side=away") ? "away" : "");
    put("day", on("day=sat,sun") ? "sat,sun" : "");
    put("offers", on("offers=1") ? "1" : "");
    to.search = to.search.replaceAll("%2C", ",");
    history.replaceState(null, "", to);
  };
  if (whole) {
    (window.requestIdleCallback ?? setTimeout)(() => { if (!rows) prepare(); });
    box?.addEventListener("input", filter);
    box?.addEventListener("change", () => settle({ atOnce: true }));
    for (const link of narrow?.querySelectorAll("[data-part]") ?? []) {
      link.setAttribute("role", "button");
      link.setAttribute("aria-pressed", "false");
      link.addEventListener("keydown", press);
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        const turnOn = !on(link.dataset.part);
        const same = link.dataset.part.split("=")[0];
        for (const other of narrow.querySelectorAll("[data-part]")) {
          if (other === link || (turnOn && other.dataset.part.startsWith(`${same}=`))) {
            const now = other === link && turnOn;
            other.setAttribute("aria-pressed", String(now));
            if (now) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current");
          }
        }
        filter();
      });
    }
    form.querySelector("[data-clear]")?.addEventListener("click", (event) => {
      event.preventDefault();
      if (box) box.value = "";
      for (const select of narrow?.querySelectorAll("select") ?? []) select.value = "";
      for (const link of narrow?.querySelectorAll("[data-part]") ?? []) {
        link.removeAttribute("aria-current");
        link.setAttribute("aria-pressed", "false");
      }
      filter();
      box?.focus();
    });
    if (box?.value) filter();
  }
  find?.addEventListener("submit", () => { if (box) box.value = box.value.trim(); });

  // Rows that have changed since the page was made: they are swapped in place, ticks stay. Of many the page only says
  // that they have: picks outlive a reload.
  const live = form.querySelector("[data-live]");
  const order = (li) => li.querySelector("time").dateTime;
  const place = (parent, child, keyOf) => {
    const latestFirst = "latestFirst" in words && !parent.closest(".earlier");
    const isAfter = (other) => (latestFirst ? other < keyOf(child) : other > keyOf(child));
    const after = [...parent.children].find((other) => keyOf(other) && isAfter(keyOf(other)));
    parent.insertBefore(child, after ?? (parent === form ? none : null));
  };
  const byHref = (root, href) => root.querySelector(`li > a[href="${CSS.escape(href)}"]`)?.closest("li");
  const change = async (ids) => {
    const address = new URL(`/s/${words.schedule}/rows`, location.origin);
    address.searchParams.set("ids", ids.join(","));
    // A page that holds everything filters by itself; one that came filtered wants only what belongs to it.
    const asks = whole ? [] : [...new URL(location.href).searchParams].filter(([name]) => !["event", "tick", "ids"].includes(name));
    for (const [name, value] of asks) address.searchParams.append(name, value);
    address.searchParams.set("lang", document.documentElement.lang);
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    let changed = 0;
    for (const id of ids) {
      const short = id.slice(0, 12);
      const old = byHref(form, `/e/${short}`);
      const now = byHref(fresh, `/e/${short}`);
      if (!old && !now) continue;
      changed += 1;
      const focused = old?.contains(document.activeElement);
      const oldDay = old?.closest(".day");
      old?.remove();
      if (now) {
        const day = now.closest(".day");
        const month = now.closest(".month");
        const dayId = day.querySelector("h3").id;
        const known = document.getElementById(dayId)?.closest(".day");
        if (known) place(known.querySelector("ul"), now, order);
        else {
          for (const other of [...day.querySelectorAll("li")]) if (other !== now) other.remove();
          const section = month && document.getElementById(month.id);
          if (section) place(section, day, (child) => child.querySelector?.("h3")?.id ?? "");
          else if (month) {
            for (const other of [...month.querySelectorAll(".day")]) if (other !== day) other.remove();
            place(form, month, (child) => (child.matches(".month") ? child.id : ""));
            arrive(month);
          }
        }
        now.classList.add("changed");
        meet(now.parentElement);
        label(now.closest(".month"));
        if (focused) now.querySelector("input, a")?.focus({ preventScroll: true });
      }
      if (oldDay && !oldDay.querySelector("li")) {
        const month = oldDay.closest(".month");
        oldDay.remove();
        if (month && !month.querySelector(".day")) leave(month);
      }
      if (!now?.querySelector("input")) { picks.delete(short); here.delete(short); }
    }
    if (!changed) return;
    if (rows) { rows = null; filter(); }
    form.dispatchEvent(new CustomEvent("convoke:rows", { bubbles: true }));
    live.textContent = filled(changed === 1 ? words.changedOne : words.changedMany, { count: changed });
    tell();
  };
  const ROWS_MAX = 50;
  const news = form.querySelector("[data-news]");
  // Not by the link: what a browser keeps for a few seconds is what is shown already.
  news.querySelector("a").addEventListener("click", (event) => { event.preventDefault(); location.reload(); });
  self.convokeLive?.(words.schedule, ({ changed = [], gone = [], reload = false }) => {
    const ids = [...changed, ...gone];
    if (!reload && !ids.length) return;
    // Slots have no rows of their own to be swapped.
    if (reload || ids.length > ROWS_MAX || form.querySelector(".slots")) news.hidden = false;
    else change(ids);
  });
})();
