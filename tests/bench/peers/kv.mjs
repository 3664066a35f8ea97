// The least that any Worker does whose pages lie in KV: one read, and the bytes as they are with what stands beside them.
// No language, no key, no turn of a day is looked at. The bench gives it Convoke's own snapshots.

export default {
  async fetch(request, { PAGES, KEYS }) {
    const key = KEYS[new URL(request.url).pathname];
    const { value, metadata } = await PAGES.getWithMetadata(key, "stream");
    if (!value) return new Response(null, { status: 404 });
    const headers = new Headers(metadata.fields);
    headers.set("etag", metadata.etag);
    if (request.headers.get("if-none-match") === metadata.etag) {
      await value.cancel();
      return new Response(null, { status: 304, headers });
    }
    headers.set("content-encoding", "gzip");
    return new Response(value, { headers, encodeBody: "manual" });
  },
};
