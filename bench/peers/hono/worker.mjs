// Hono on Durable Objects, as somebody would write it who knows both: an object per account and per
// event and one for the list, called over RPC; what is read often is held in the memory of the
// isolate for a second; an event keeps its registrations in memory and writes them to SQLite. With
// GROUP_COMMIT=on what waits for an event is written in one transaction.

import bcrypt from "bcryptjs";
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import { jwt, sign } from "hono/jwt";
import { claims, common, kept, newEvent, newUser, problem, session, takeSeat } from "../rules.mjs";

const FRESH_MS = 1_000;
const REPORT_MS = 1_000;
const WAITING_MAX = 1_024;

const app = new Hono();
const copies = new Map();
const refuse = (status, code, detail) =>
  Response.json(problem(status, code, detail), {
    status,
    headers: { ...common(), "content-type": "application/problem+json", ...(status === 401 && { "www-authenticate": "Bearer" }) },
  });
const answer = (value, status = 200) => Response.json(value, { status, headers: common() });
const notFound = () => refuse(404, "not_found", "There is nothing here.");

app.onError((error) => {
  if (error.status === 401) return refuse(401, "unauthenticated", "Log in and send the token as Authorization: Bearer.");
  throw error;
});

let verify;
const authenticated = (c, next) => {
  verify ??= jwt({ secret: c.env.JWT_SECRET, alg: "HS256", verification: { iss: "event-platform" } });
  return verify(c, next);
};

/** Sends the isolate's copy, made by `load` when it is older than a second. */
async function send(c, key, load) {
  let copy = copies.get(key);
  if (copy === undefined || Date.now() - copy.at > FRESH_MS) {
    const value = await load();
    if (value === undefined) return notFound();
    copy = { ...(await kept(value)), at: Date.now() };
    if (copies.size > 4_096) copies.clear();
    copies.set(key, copy);
  }
  const headers = { ...common(), etag: copy.etag, "cache-control": "private, no-cache" };
  if (c.req.header("if-none-match") === copy.etag) return new Response(null, { status: 304, headers });
  headers["content-type"] = "application/json";
  return new Response(copy.body, { headers });
}

const account = (c, email) => c.env.ACCOUNTS.getByName(email);
const event = (c) => c.env.EVENTS.getByName(c.req.param("id"));
const catalog = (env) => env.CATALOG.getByName("catalog");

app.post("/api/register", async (c) => {
  const body = await c.req.json();
  const user = newUser(body);
  const hash = await bcrypt.hash(body.password, Number(c.env.BCRYPT_COST));
  if (!(await account(c, user.email).signUp(user, hash))) return refuse(409, "email_taken", "This address has an account already.");
  return answer({ user }, 201);
});

app.post("/api/login", async (c) => {
  const { email, password } = await c.req.json();
  const known = await account(c, email.trim().toLowerCase()).credentials();
  if (!known || !(await bcrypt.compare(password, known.hash))) return refuse(401, "invalid_credentials", "E-mail or password is wrong.");
  return answer(session(known.user, await sign(claims(known.user), c.env.JWT_SECRET)));
});

app.get("/api/me", authenticated, async (c) =>
  answer({ user: (await account(c, c.get("jwtPayload").email).credentials()).user }));

app.get("/api/events", authenticated, (c) => send(c, "list", () => catalog(c.env).list()));

app.get("/api/events/:id", authenticated, (c) => send(c, c.req.param("id"), () => event(c).read()));

app.post("/api/events", authenticated, async (c) => {
  const organizer = c.get("jwtPayload");
  if (organizer.role !== "organizer") return refuse(403, "forbidden", "You may not do this.");
  const made = newEvent(await c.req.json(), organizer);
  if (!made) return refuse(422, "validation_failed", "Some fields are wrong.");
  await c.env.EVENTS.getByName(made.id).create(made);
  await catalog(c.env).report(made);
  copies.delete("list");
  return answer({ event: made }, 201);
});

app.post("/api/events/:id/register", authenticated, async (c) => {
  const { status, registration } = await event(c).register(c.get("jwtPayload"));
  if (status === 404) return notFound();
  if (status === 409) return refuse(409, "event_full", "All seats are taken.");
  if (status === 503) return refuse(503, "overloaded", "Too much is waiting; try again in a moment.");
  return answer({ registration }, status);
});

export default app;

export class Account extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS account (user TEXT NOT NULL, hash TEXT NOT NULL)");
    const [row] = this.sql.exec("SELECT user, hash FROM account").toArray();
    this.known = row && { user: JSON.parse(row.user), hash: row.hash };
  }

  signUp(user, hash) {
    if (this.known) return false;
    this.sql.exec("INSERT INTO account VALUES (?, ?)", JSON.stringify(user), hash);
    this.known = { user, hash };
    return true;
  }

  credentials() {
    return this.known;
  }
}

export class Event extends DurableObject {
  waiting = [];

  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS event (body TEXT NOT NULL)");
    this.sql.exec("CREATE TABLE IF NOT EXISTS registrations (seq INTEGER PRIMARY KEY, user_id TEXT NOT NULL UNIQUE, status TEXT NOT NULL, body TEXT NOT NULL)");
    this.load();
  }

  load() {
    const [row] = this.sql.exec("SELECT body FROM event").toArray();
    this.event = row && JSON.parse(row.body);
    this.registrations = new Map();
    for (const [user, body] of this.sql.exec("SELECT user_id, body FROM registrations ORDER BY seq").raw()) {
      const registration = JSON.parse(body);
      this.registrations.set(user, registration);
      const { seats } = this.event;
      if (registration.status === "waitlisted") seats.waitlisted += 1;
      else {
        seats.confirmed += 1;
        if (seats.remaining !== null) seats.remaining -= 1;
      }
    }
  }

  create(event) {
    this.sql.exec("INSERT INTO event VALUES (?)", JSON.stringify(event));
    this.event = event;
  }

  read() {
    return this.event && { event: this.event };
  }

  register(user) {
    if (this.env.GROUP_COMMIT !== "on") return this.registerNow(user);
    if (this.waiting.length >= WAITING_MAX) return { status: 503 };
    if (this.waiting.length === 0) setTimeout(() => this.registerAll(), 0);
    return new Promise((resolve, reject) => this.waiting.push({ user, resolve, reject }));
  }

  registerAll() {
    const batch = this.waiting;
    this.waiting = [];
    try {
      const answers = this.ctx.storage.transactionSync(() => batch.map(({ user }) => this.registerNow(user)));
      batch.forEach(({ resolve }, at) => resolve(answers[at]));
    } catch (error) {
      this.load();
      batch.forEach(({ reject }) => reject(error));
    }
  }

  registerNow(user) {
    if (!this.event) return { status: 404 };
    const standing = this.registrations.get(user.sub);
    if (standing) return { status: 200, registration: standing };
    const registration = takeSeat(this.event, user);
    if (!registration) return { status: 409 };
    this.sql.exec("INSERT INTO registrations (user_id, status, body) VALUES (?, ?, ?)", user.sub, registration.status, JSON.stringify(registration));
    this.registrations.set(user.sub, registration);
    this.reportSoon();
    return { status: 201, registration };
  }

  /** The list hears of seats at most once a second. */
  reportSoon() {
    if (this.reporting) return;
    this.reporting = true;
    setTimeout(async () => {
      this.reporting = false;
      await catalog(this.env).report(this.event);
    }, REPORT_MS);
  }
}

export class Catalog extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, starts_at TEXT NOT NULL, body TEXT NOT NULL)");
    this.sql.exec("CREATE INDEX IF NOT EXISTS events_start ON events (starts_at, id)");
  }

  report(event) {
    this.sql.exec("INSERT OR REPLACE INTO events VALUES (?, ?, ?)", event.id, event.starts_at, JSON.stringify(event));
  }

  list() {
    const rows = this.sql.exec("SELECT body FROM events ORDER BY starts_at, id LIMIT 50").toArray();
    return { events: rows.map(({ body }) => JSON.parse(body)), next_cursor: null };
  }
}
