// Answers that are valid for a while and are repeated without calling wasm. Most requests read what the
// isolate has a lease on, and for them the API costs more than everything else.
//
// The API decides which answers these are, and how long they stay valid (`Cacheable`): those that depend only
// on the URL and the two headers in `key`, while the lease lets the isolate send its copy without asking. A
// repetition has its own request id, in the answer and in the log.

import { countHit } from "./metrics.js";

const ANSWERS_MAX = 256;
/** The limit for all bodies together. */
const BYTES_MAX = 8 * 1024 * 1024;

/** A line break distinguishes a missing header from any value, including `null`. */
const key = ({ url, headers }) =>
  `${url}\n${headers.get("origin") ?? "\n"}\n${headers.get("if-none-match") ?? "\n"}`;

export class ResponseCache {
  #answers = new Map();
  #bytes = 0;

  /** The answer, if it is still valid. */
  answer(request) {
    if (request.method !== "GET") return undefined;
    const known = this.#answers.get(key(request));
    if (known === undefined || Date.now() >= known.until) return undefined;
    const id = crypto.randomUUID();
    known.headers.set("x-request-id", id);
    countHit(known.subject);
    // The same decision as in `log_sampling.rs`: a share of 65,536, by the first four digits of the id.
    if (Number.parseInt(id.slice(0, 4), 16) < known.linesKept) {
      console.log(known.lineBefore + id + known.lineAfter);
    }
    return new Response(known.body, known);
  }

  /** Keeps an answer. If there is no room for it, all others are dropped. */
  remember(request, until, { status, headers }, body, lineBefore, lineAfter, linesKept) {
    const name = key(request);
    const bytes = body?.byteLength ?? 0;
    this.#bytes += bytes - (this.#answers.get(name)?.body?.byteLength ?? 0);
    if (this.#bytes > BYTES_MAX || (this.#answers.size >= ANSWERS_MAX && !this.#answers.has(name))) {
      this.#answers.clear();
      this.#bytes = bytes;
    }
    const subject = new URL(request.url).pathname === "/api/events" ? "catalog" : "event";
    const answer = { until, status, headers: new Headers(headers), body, lineBefore, lineAfter };
    this.#answers.set(name, { ...answer, linesKept, subject });
  }
}
