// Passes the address of an event on: by the device's own sheet where it has one, else by the clipboard.
// A picture that does not come leaves no hole.
(() => {
  for (const picture of document.querySelectorAll(".picture img, .offered img")) {
    const gone = () => (picture.closest(".picture") ?? picture).remove();
    if (picture.complete && picture.naturalWidth === 0) gone(); else picture.addEventListener("error", gone);
  }
  const button = document.querySelector("[data-share]");
  if (!button || !(navigator.share || navigator.clipboard)) return;
  const said = document.querySelector("[data-shared]");
  const { share: url, title, done } = button.dataset;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) {
        await navigator.share({ title, url });
      } else {
        await navigator.clipboard.writeText(url);
        said.textContent = done;
      }
    } catch {
      // Closed, or not allowed here: the address stands in the browser's own bar.
    }
  });
})();
