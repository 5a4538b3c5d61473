// The calls between JavaScript and wasm that every request makes, one each way. A call for each header would
// cost more than all the work done with them.

import { retrying } from "event-platform-retry";

const READ = ["authorization", "origin", "if-none-match", "accept"];
const WRITE = [
  ...READ,
  "content-type",
  "content-encoding",
  "if-match",
  "idempotency-key",
  "cf-connecting-ip",
  "access-control-request-method",
  "access-control-request-headers",
];

/** The headers that prove who sent a mail provider's message. */
const HOOK = [
  ...WRITE,
  "svix-id",
  "svix-timestamp",
  "svix-signature",
  "x-twilio-email-event-webhook-signature",
  "x-twilio-email-event-webhook-timestamp",
];

/** Method, URL and the headers that matter, one per line; no header can contain a line break. */
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
 * The stream of a body, if there is one. The runtime also makes a stream if a client announces an empty body,
 * as browsers do with an empty POST; reading that would cost an iteration of the event loop.
 */
export function body(request) {
  return request.headers.get("content-length") === "0" ? null : request.body;
}

/** A response; `head` holds the names and values of the headers, one per line. */
export function respond(status, head, body) {
  const lines = head.split("\n");
  const headers = {};
  for (let at = 0; at + 1 < lines.length; at += 2) headers[lines[at]] = lines[at + 1];
  return new Response(body, { status, headers });
}

/** The part of a namespace within a jurisdiction. Its objects are not those outside. */
export function within(namespace, jurisdiction) {
  return namespace.jurisdiction(jurisdiction);
}

/** A fresh stub of a Durable Object, by name. `location` matters only when the object is created. */
export function stub(namespace, name, location) {
  return namespace.getByName(name, location === undefined ? undefined : { locationHint: location });
}

/**
 * A response whose body is produced piece by piece. The runtime asks for the next piece once the client has
 * taken the last, so there is never more than one in memory. A failure aborts the connection: a body that
 * ends normally is complete.
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
        // The client may have gone away in the meantime.
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

/** Asks a Durable Object by name; resolves to its answer or rejects with its error. */
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

/** Milliseconds until a Durable Object's last lease has run out. */
export function drains(namespace, name, location) {
  return stub(namespace, name, location).drains();
}

/** Runs a statement synchronously. Rows come back as an array of arrays; no rows as nothing. */
export function run(sql, statement, params) {
  const rows = sql.exec(statement, ...params).raw().toArray();
  return rows.length === 0 ? undefined : rows;
}

/** The size of the database in bytes, if the runtime reports it. */
export const sizeOf = (sql) => sql.databaseSize ?? undefined;
