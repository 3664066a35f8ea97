// <convoke-schedule page="harbour-rovers" lang="es" limit="5"></convoke-schedule>: the next events of a page inside of
// any site. Everything stands in a shadow root, so neither side's style reaches the other; no cookie, no storage.
(() => {
  const script = document.currentScript;
  const home = new URL(script ? script.src : location.href).origin;
  if (!window.customElements || customElements.get("convoke-schedule")) return;

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const wall = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  const text = async (url, options) => {
    const answer = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer", ...options });
    return { good: answer.ok, kind: answer.headers.get("content-type") || "", body: await answer.text() };
  };
  // Parsed apart from the page, so that nothing in it runs or loads before it stands in the shadow root.
  const part = (html) => document.importNode(new DOMParser().parseFromString(html, "text/html").body.firstElementChild, true);

  class ConvokeSchedule extends HTMLElement {
    static observedAttributes = ["page", "lang", "limit", "origin"];
    #root = this.attachShadow({ mode: "open" });
    #turn = 0;

    connectedCallback() { this.#load(); }
    attributeChangedCallback(name, before, now) { if (this.isConnected && before !== now) this.#load(); }

    // Our own site, unless the element names another one.
    get #home() { return (this.getAttribute("origin") || home).replace(/\/+$/, ""); }

    get #language() {
      const own = this.getAttribute("lang") || this.closest("[lang]")?.lang || "";
      return own || navigator.language || "";
    }

    async #load() {
      const turn = ++this.#turn;
      const page = this.getAttribute("page");
      if (!page) return;
      const query = new URLSearchParams({ lang: this.#language });
      try {
        const [style, shown] = await Promise.all([
          text(`${this.#home}/static/embed.css`),
          text(`${this.#home}/s/${encodeURIComponent(page)}/embed?${query}`),
        ]);
        if (turn !== this.#turn) return;
        if (!style.good || !shown.good) throw new Error("not there");
        this.#show(part(shown.body), style.body);
      } catch {
        // What stands inside of the element, a link as a rule, is shown instead.
        if (turn === this.#turn && !this.#root.querySelector("section")) this.#root.replaceChildren(document.createElement("slot"));
      }
    }

    #show(section, style) {
      // A sheet made by a script is no inline style: it needs no exception in the site's policy.
      const sheets = [style, (section.dataset.theme || "").replace(":root", ":host")].map((css) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        return sheet;
      });
      this.#root.adoptedStyleSheets = sheets;
      // Cut here, so that every site gets the same bytes out of the cache.
      const limit = Number(this.getAttribute("limit")) || Infinity;
      [...section.querySelectorAll(".cards > li")].slice(limit).forEach((card) => card.remove());
      for (const place of section.querySelectorAll(".local[data-start]")) this.#tell(place, section.lang);
      this.#root.replaceChildren(section);
      section.querySelector("form")?.addEventListener("submit", (event) => { event.preventDefault(); this.#send(event.target, section); });
    }

    // The reader's own time, where it differs.
    #tell(place, language) {
      const start = new Date(place.dataset.start);
      if (Number.isNaN(start.getTime()) || wall.format(start).replace(" ", "T") === place.dataset.wall.slice(0, 16)) return;
      const sameDay = wall.format(start).slice(0, 10) === place.dataset.wall.slice(0, 10);
      // As the card has it: on its clock, and in English with the day before the month.
      const hour12 = / [ap]m/.test(place.closest(".line").textContent);
      const form = { hour: "numeric", minute: "2-digit", hour12, ...(sameDay ? {} : { weekday: "short", day: "numeric", month: "short" }) };
      place.textContent = place.dataset.words.replace("{time}", new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, form).format(start));
      place.hidden = false;
    }

    async #send(form, section) {
      const button = form.querySelector("button");
      const problem = form.querySelector("[data-problem]");
      const say = (words) => { problem.textContent = words; };
      say("");
      if (!form.querySelector("input[name=event]:checked")) {
        say(problem.dataset.none);
        form.querySelector("input[name=event]")?.focus();
        return;
      }
      button.disabled = true;
      try {
        const answer = await text(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (answer.good) {
          const said = part(answer.body);
          section.replaceChildren(said);
          said.focus();
          this.dispatchEvent(new CustomEvent("convoke-sent", { bubbles: true, composed: true }));
          return;
        }
        say(/json/.test(answer.kind) ? JSON.parse(answer.body).detail : problem.dataset.failed);
      } catch {
        say(problem.dataset.failed);
      }
      button.disabled = false;
    }
  }
  customElements.define("convoke-schedule", ConvokeSchedule);
})();
