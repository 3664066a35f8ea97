// Completes the click that led here, but only for a person who looks at the page: visible, focused, for a moment,
// in a browser that nobody drives. Otherwise the button waits.
(() => {
  const form = document.querySelector("form[data-auto]");
  const status = document.querySelector("[data-status]");
  if (!form || navigator.webdriver || /headless/i.test(navigator.userAgent) || document.prerendering) return;
  const dwell = 1500;
  let timer = 0;
  let done = false;
  const looked = () => document.visibilityState === "visible" && document.hasFocus();
  const stop = () => { clearTimeout(timer); timer = 0; };
  const arm = () => {
    if (done || timer || !looked()) return;
    timer = setTimeout(() => {
      timer = 0;
      if (done || !looked()) return;
      done = true;
      if (status) status.textContent = status.dataset.sending;
      form.requestSubmit();
    }, dwell);
  };
  const check = () => (looked() ? arm() : stop());
  document.addEventListener("visibilitychange", check);
  addEventListener("focus", check);
  addEventListener("blur", stop);
  // Whoever starts to type wants another address: then the button decides.
  form.addEventListener("input", () => { done = true; stop(); });
  form.addEventListener("submit", () => { done = true; stop(); });
  // A page that comes back from the history has sent already.
  addEventListener("pageshow", (event) => { if (event.persisted) { done = true; stop(); } });
  const entry = performance.getEntriesByType("navigation")[0];
  if (entry && entry.type === "back_forward") return;
  check();
})();
