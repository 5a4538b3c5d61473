// The crossings that every request makes between JavaScript and wasm, one each way. A crossing
// per header would cost more than everything that is done with them.

import { retrying } from "event-platform-retry";

const READ = ["authorization", "origin", "if-none-match", "accept"];
const WRITE = [
  ...READ,
  "content-type",
  "if-match",
  "idempotency-key",
  "cf-connecting-ip",
  "access-control-request-method",
  "access-control-request-headers",
];

/** The proofs of mail providers' messages. */
const HOOK = [
  ...WRITE,
  "svix-id",
  "svix-timestamp",
  "svix-signature",
  "x-twilio-email-event-webhook-signature",
  "x-twilio-email-event-webhook-timestamp",
];

/** Method, URL and the headers that matter, a line each; no header can hold a line break. */
export function head(request) {
  const { method, url, headers } = request;
  let text = `${method}\n${url}`;
  const writes = url.includes("/api/hooks/") ? HOOK : WRITE;
  for (const name of method === "GET" || method === "HEAD" ? READ : writes) {
    const value = headers.get(name);
    if (value !== null) text += `\n${name}\n${value}`;
  }
  return text;
}

/**
 * The stream of a body, if there is one. The runtime makes a stream of none, too, when a client says
 * that it sends none, as browsers do with an empty POST; reading it would take a turn of the loop.
 */
export function body(request) {
  return request.headers.get("content-length") === "0" ? null : request.body;
}

/** A response; `head` holds the headers' names and values, a line each. */
export function respond(status, head, body) {
  const lines = head.split("\n");
  const headers = {};
  for (let at = 0; at + 1 < lines.length; at += 2) headers[lines[at]] = lines[at + 1];
  return new Response(body, { status, headers });
}

/** The part of a namespace that stays within a jurisdiction; its objects are others than those outside. */
export function within(namespace, jurisdiction) {
  return namespace.jurisdiction(jurisdiction);
}

/** A fresh stub of a Durable Object by name. `location` counts when the object is made. */
export function stub(namespace, name, location) {
  return namespace.getByName(name, location === undefined ? undefined : { locationHint: location });
}

/**
 * A response whose body is made piece by piece. The runtime asks for the next one when the client has
 * taken the last, so there is never more than one at hand. What fails breaks the connection off: a body
 * that ends in good order is complete.
 */
export function respondInPieces(status, head, pieces) {
  let ended = false;
  const end = () => {
    if (!ended) pieces.free();
    ended = true;
  };
  const source = {
    async pull(controller) {
      try {
        const piece = await pieces.next();
        // The client may have gone away meanwhile.
        if (ended) return;
        if (piece !== undefined) return controller.enqueue(piece);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      end();
    },
    cancel: end,
  };
  return respond(status, head, new ReadableStream(source, { highWaterMark: 0 }));
}

/** Asks a Durable Object by name; resolves to its answer or rejects with its complaint. */
export function ask(namespace, name, location, command) {
  return retrying((again) => stub(namespace, name, location).ask(command, again));
}

/** Has the runtime do something with a Durable Object's storage. */
export function manage(namespace, name, location, order) {
  return stub(namespace, name, location).manage(order, name);
}

/** Lets a Durable Object's leases run out. */
export function hold(namespace, name, location) {
  return stub(namespace, name, location).hold();
}

/** Milliseconds until none of a Durable Object's leases is out. */
export function drains(namespace, name, location) {
  return stub(namespace, name, location).drains();
}

/** Runs a statement at once. What it finds comes back as an array of arrays, nothing as nothing. */
export function run(sql, statement, params) {
  const rows = sql.exec(statement, ...params).raw().toArray();
  return rows.length === 0 ? undefined : rows;
}

/** Bytes of the database, where the runtime tells. */
export const sizeOf = (sql) => sql.databaseSize ?? undefined;
