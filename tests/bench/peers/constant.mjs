// The limit: a Worker that does nothing but hand out finished bytes. The bench puts Convoke's own answers into it.

import bytes from "./answers.bin";
import index from "./answers.mjs";

const all = new Uint8Array(bytes);

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    const answer = index[pathname];
    if (!answer) return new Response(null, { status: 404 });
    const { from, to, headers } = answer;
    if (request.headers.get("if-none-match") === headers.etag) return new Response(null, { status: 304, headers: { etag: headers.etag } });
    return new Response(all.subarray(from, to), { headers, encodeBody: "manual" });
  },
};
