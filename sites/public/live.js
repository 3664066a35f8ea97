// convokeLive(slug, onChange) tells an open page what changed: { changed: [starts of event ids] } or { reload: true }.
// It listens by WebSocket. Where that fails, it asks for the page's entity tag while the page is looked at.
self.convokeLive = (slug, onChange) => {
  const POLL_MS = 30_000;
  const RETRY_MAX_MS = 60_000;
  // Who has never been let in is one of too many: asking costs less than knocking.
  const REFUSED_MAX_MS = 900_000;
  const PING_MS = 50_000;
  const address = `${location.origin.replace(/^http/, "ws")}/s/${slug}/live`;
  let failures = 0;
  let opened = false;
  let etag;

  // A page that came out of the browser's own store is the one that is shown.
  const shown = fetch(location.href, { cache: "force-cache" }).then((answer) => { etag = answer.headers.get("etag"); }).catch(() => {});
  const ask = async () => {
    await shown;
    try {
      const answer = await fetch(location.href, { method: "HEAD", cache: "no-cache" });
      const now = answer.headers.get("etag");
      if (answer.ok && now && etag && now !== etag) onChange({ reload: true });
      if (now) etag = now;
    } catch { /* Not on the net: the next time. */ }
  };
  const listening = () => failures === 0 && opened;
  setInterval(() => { if (!listening() && document.visibilityState === "visible") ask(); }, POLL_MS);

  const listen = () => {
    const socket = new WebSocket(address);
    let ping;
    socket.onopen = () => {
      // What changed while nobody listened is found by the tag.
      if (opened) ask();
      opened = true;
      failures = 0;
      ping = setInterval(() => socket.send("ping"), PING_MS);
    };
    socket.onmessage = ({ data }) => {
      if (data === "pong") return;
      let change;
      try { change = JSON.parse(data); } catch { return; }
      if (change.reload || Array.isArray(change.changed)) onChange(change);
    };
    socket.onclose = () => {
      clearInterval(ping);
      failures += 1;
      const wait = Math.min(1000 * 2 ** failures, opened ? RETRY_MAX_MS : REFUSED_MAX_MS);
      // Not all at once, when a deploy has cut everybody off.
      setTimeout(listen, wait * (0.5 + Math.random()));
    };
  };
  if ("WebSocket" in self) listen();
};
