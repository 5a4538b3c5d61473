// Resend's `POST /emails` and `POST /emails/batch` on a local port, as far as a sender can tell: it
// demands a key and a User-Agent, it knows idempotency keys, and it takes a batch as a whole or not at
// all, without attachments. It keeps what it was sent and fails when told to.

import { createServer } from "node:http";
import { eventually } from "./eventually.mjs";

const API_KEY = "re_a_key_for_tests_alone";

/**
 * What can go wrong with a mail, told for each recipient, so that tests share a double:
 * - a status (`500`, `429`): that answer, a 429 with `retry-after: 1`; the mail is not taken;
 * - `"hang"`: no answer at all;
 * - `"reset"`: the connection breaks, the mail is not taken;
 * - `"lost"`: the mail is taken, but the connection breaks before the answer;
 * - `"drip"`: the mail is taken, and the answer comes a byte a second.
 *
 * A batch fails as the first of its mails that is to fail does.
 */
export class MailDouble {
  #http = createServer((request, response) => {
    // A sender that is reset breaks its request off.
    this.#receive(request, response).catch(() => request.socket.destroy());
  });
  #faults = new Map();
  #delivered = new Map();
  #perSecond;

  /** Every request, in order: `{ at, headers, text, body, fault }`. */
  attempts = [];

  /** With `perSecond`, more requests than that in a second are answered 429. */
  static async start({ perSecond = Infinity } = {}) {
    const double = new MailDouble();
    double.#perSecond = perSecond;
    await new Promise((resolve) => double.#http.listen(0, "127.0.0.1", resolve));
    return double;
  }

  /** The settings that send a worker's mail here. */
  get settings() {
    return {
      MAIL_PROVIDER: "resend",
      MAIL_API_URL: `http://127.0.0.1:${this.#http.address().port}`,
      MAIL_API_KEY: API_KEY,
      MAIL_FROM: "Events <events@example.org>",
    };
  }

  /** Each mail that was taken, once for each idempotency key: `{ key, to, subject, text, … }`. */
  get delivered() {
    return [...this.#delivered.values()].flatMap(({ mails }) => mails);
  }

  deliveredTo(address) {
    return this.delivered.filter(({ to }) => bare(to) === address);
  }

  attemptsFor(address) {
    return this.attempts.filter(({ mails }) => mails.some(({ to }) => to.includes(address)));
  }

  /** The next tries to reach `address` fail so, one after the other; then all is well. */
  failNext(address, ...faults) {
    this.#faults.set(address, faults.values());
  }

  /** Every try to reach `address` fails so until `recover(address)`. */
  failAlways(address, fault) {
    this.#faults.set(address, repeated(fault));
  }

  recover(address) {
    this.#faults.delete(address);
  }

  /** The mails to `address`, once `count` of them were taken and the sender was told so. */
  mailsTo(address, { count = 1, within = 45_000 } = {}) {
    return eventually(
      () => {
        const attempts = this.attemptsFor(address);
        const told = attempts.filter(({ fault }) => fault === undefined);
        const keys = new Set(told.map(({ headers }) => headers["idempotency-key"]));
        if (keys.size >= count) return this.deliveredTo(address);
        const tried = attempts.map(({ fault }) => fault ?? "taken");
        throw new Error(`${keys.size} of ${count} mails to ${address}; attempts: [${tried}]`);
      },
      { within },
    );
  }

  dispose() {
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    return closed;
  }

  async #receive(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const body = parsed(text);
    const mails = [body].flat().filter((mail) => mail?.to);
    const faults = mails.map(({ to }) => this.#faults.get(bare(to))?.next().value);
    const fault = faults.find((fault) => fault !== undefined) ?? this.#tooFast();
    const attempt = { at: Date.now(), headers: request.headers, text, body, mails: mails.map(addressed), fault };
    this.attempts.push(attempt);

    if (fault === "hang") return;
    if (fault === "reset") return void request.socket.destroy();
    const [status, answer, headers] =
      typeof fault === "number" ? failure(fault) : this.#take(request, { text, body });
    if (fault === "lost") return void request.socket.destroy();
    response.writeHead(status, { "content-type": "application/json", ...headers });
    if (fault === "drip") return drip(response, JSON.stringify(answer));
    response.end(JSON.stringify(answer));
  }

  /** Nothing, or the 429 for a request that is one too many. */
  #tooFast() {
    const lately = this.attempts.filter(({ at, fault }) => fault !== 429 && Date.now() - at < 1_000);
    return lately.length < this.#perSecond ? undefined : 429;
  }

  /** What Resend checks, in its order. */
  #take({ method, url, headers }, { text, body }) {
    const batch = url === "/emails/batch";
    if (method !== "POST" || !(batch || url === "/emails")) return refusal(404, "not_found");
    if (!headers["user-agent"]) return refusal(403, "missing_user_agent");
    if (headers.authorization !== `Bearer ${API_KEY}`) return refusal(401, "invalid_api_key");
    const mails = [body].flat();
    if (Array.isArray(body) !== batch || mails.length > 100) return refusal(422, "validation_error");
    for (const mail of mails) {
      for (const field of ["from", "to", "subject"]) {
        if (!mail?.[field]) return refusal(422, "missing_required_field");
      }
      if (batch && mail.attachments) return refusal(422, "attachments_in_a_batch");
    }
    const key = headers["idempotency-key"] ?? `none-${this.#delivered.size}`;
    const earlier = this.#delivered.get(key);
    if (earlier && earlier.text !== text) return refusal(409, "invalid_idempotent_request");
    if (!earlier) this.#delivered.set(key, { text, mails: mails.map((mail) => ({ ...mail, key })) });
    return [200, batch ? { data: mails.map((_, index) => ({ id: `${key}/${index}` })) } : { id: key }];
  }
}

/** The address alone of a recipient like `["\"Ada\" <ada@example.com>"]`. */
const bare = (to) => [to].flat()[0].replace(/^.*<(.*)>$/, "$1");

const addressed = (mail) => ({ ...mail, to: [bare(mail.to)] });

function drip(response, text) {
  const dripping = setInterval(() => response.write(" "), 1_000);
  response.on("close", () => clearInterval(dripping));
  response.write(text.slice(0, 1));
}

const refusal = (status, name) => [status, { statusCode: status, name, message: name }];

function failure(status) {
  const [, body] = refusal(status, status === 429 ? "rate_limit_exceeded" : "application_error");
  return [status, body, status === 429 ? { "retry-after": "1" } : {}];
}

function* repeated(fault) {
  for (;;) yield fault;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
