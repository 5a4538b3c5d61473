// Answers that hold for a while, given again without asking wasm: most requests are reads of what
// the isolate has a lease on, and going through the API costs more than all else that is done for
// them here.
//
// Which answers these are, and until when, is for the API to say (`Cacheable`): the ones that
// depend on the URL and the two headers in `key` alone, for as long as the lease lets the isolate
// send its copy unasked. A repetition differs in its request id, in the answer and in the log.

import { countHit } from "./metrics.js";

const ANSWERS_MAX = 256;
/** Of all bodies together. */
const BYTES_MAX = 8 * 1024 * 1024;

/** A header that is not there is told from every value, `null` among them, by a line break. */
const key = ({ url, headers }) =>
  `${url}\n${headers.get("origin") ?? "\n"}\n${headers.get("if-none-match") ?? "\n"}`;

export class ResponseCache {
  #answers = new Map();
  #bytes = 0;

  /** The answer, if it is still known. */
  answer(request) {
    if (request.method !== "GET") return undefined;
    const known = this.#answers.get(key(request));
    if (known === undefined || Date.now() >= known.until) return undefined;
    const id = crypto.randomUUID();
    known.headers.set("x-request-id", id);
    countHit(known.subject);
    // As `log_sampling.rs` decides: a share of 65,536, by the id's first four digits.
    if (Number.parseInt(id.slice(0, 4), 16) < known.linesKept) {
      console.log(known.lineBefore + id + known.lineAfter);
    }
    return new Response(known.body, known);
  }

  /** Keeps an answer; all others go when there is no room for it. */
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
