// A proxy that does to answers what the edge in front of a deployed Worker does: it compresses JSON
// from 48 bytes on, and an entity-tag that was strong leaves as a weak one.

import { createServer, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";

const COMPRESSED_FROM_BYTES = 48;

/** Starts the edge in front of `server`, anything with a `url`. */
export async function startEdge(server) {
  const edge = createServer((from, to) => {
    pass(server, from, to).catch((failure) => to.destroy(failure));
  });
  await new Promise((resolve) => edge.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${edge.address().port}`,
    get output() {
      return server.output;
    },
    async dispose() {
      edge.closeAllConnections();
      await new Promise((resolve) => edge.close(resolve));
    },
  };
}

async function pass(server, from, to) {
  const { method, headers, url } = from;
  const answer = await new Promise((resolve, reject) => {
    // A runtime that compresses by itself is not asked to: this is the one who does it.
    const plain = { ...headers, "accept-encoding": "identity" };
    const onward = request(new URL(url, server.url), { method, headers: plain }, resolve).on("error", reject);
    from.pipe(onward);
  });
  const body = await buffer(answer);
  const kept = Object.fromEntries(
    Object.entries(answer.headers).filter(([name]) => name !== "transfer-encoding" && name !== "connection"),
  );
  if (!compresses(from, answer, body)) return to.writeHead(answer.statusCode, kept).end(body);
  if (kept.etag?.startsWith('"')) kept.etag = `W/${kept.etag}`;
  const compressed = gzipSync(body);
  to.writeHead(answer.statusCode, { ...kept, "content-encoding": "gzip", "content-length": compressed.length });
  to.end(compressed);
}

function compresses({ headers }, answer, body) {
  const json = /^application\/([a-z]+\+)?json\b/.test(answer.headers["content-type"] ?? "");
  return json && /\bgzip\b/.test(headers["accept-encoding"] ?? "") && body.length >= COMPRESSED_FROM_BYTES;
}
