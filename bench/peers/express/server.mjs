// Express with everything in the memory of one process: npm's native `bcrypt`, which has threads of
// its own, and `jsonwebtoken`. Bodies of reads are kept until something changes. Nothing survives it.

import bcrypt from "bcrypt";
import express from "express";
import jwt from "jsonwebtoken";
import { claims, common, kept, newEvent, newUser, problem, session, takeSeat } from "../rules.mjs";

const { JWT_SECRET, BCRYPT_COST } = process.env;
const users = new Map();
const events = new Map();
const bodies = new Map();

const app = express().disable("x-powered-by").disable("etag");
const refuse = (response, status, code, detail) =>
  response.status(status).type("application/problem+json").send(JSON.stringify(problem(status, code, detail)));

app.use((_request, response, next) => {
  response.set(common());
  next();
});

function authenticated(request, response, next) {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  try {
    if (scheme !== "Bearer") throw new Error("no token");
    request.user = jwt.verify(token, JWT_SECRET, { algorithms: ["HS256"], issuer: "event-platform" });
    next();
  } catch {
    response.set("www-authenticate", "Bearer");
    refuse(response, 401, "unauthenticated", "Log in and send the token as Authorization: Bearer.");
  }
}

async function send(request, response, key, value) {
  let answer = bodies.get(key);
  if (answer === undefined) bodies.set(key, (answer = await kept(value())));
  response.set({ etag: answer.etag, "cache-control": "private, no-cache" });
  if (request.headers["if-none-match"] === answer.etag) return response.status(304).end();
  response.type("application/json").send(answer.body);
}

app.post("/api/register", express.json(), async (request, response) => {
  const user = newUser(request.body);
  if (users.has(user.email)) return refuse(response, 409, "email_taken", "This address has an account already.");
  users.set(user.email, undefined);
  users.set(user.email, { user, hash: await bcrypt.hash(request.body.password, Number(BCRYPT_COST)) });
  response.status(201).json({ user });
});

app.post("/api/login", express.json(), async (request, response) => {
  const account = users.get(request.body.email.trim().toLowerCase());
  if (!account || !(await bcrypt.compare(request.body.password, account.hash))) {
    return refuse(response, 401, "invalid_credentials", "E-mail or password is wrong.");
  }
  response.json(session(account.user, jwt.sign(claims(account.user), JWT_SECRET)));
});

app.get("/api/me", authenticated, (request, response) => {
  response.json({ user: users.get(request.user.email).user });
});

app.get("/api/events", authenticated, (request, response) =>
  send(request, response, "list", () => ({ events: [...events.values()].slice(0, 50).map(({ event }) => event), next_cursor: null })));

app.get("/api/events/:id", authenticated, (request, response) => {
  const found = events.get(request.params.id);
  if (!found) return refuse(response, 404, "not_found", "There is nothing here.");
  return send(request, response, found.event.id, () => ({ event: found.event }));
});

app.post("/api/events", authenticated, express.json(), (request, response) => {
  if (request.user.role !== "organizer") return refuse(response, 403, "forbidden", "You may not do this.");
  const event = newEvent(request.body, request.user);
  if (!event) return refuse(response, 422, "validation_failed", "Some fields are wrong.");
  events.set(event.id, { event, registrations: new Map() });
  bodies.delete("list");
  response.status(201).location(`/api/events/${event.id}`).json({ event });
});

app.post("/api/events/:id/register", authenticated, (request, response) => {
  const found = events.get(request.params.id);
  if (!found) return refuse(response, 404, "not_found", "There is nothing here.");
  const standing = found.registrations.get(request.user.sub);
  if (standing) return response.json({ registration: standing });
  const registration = takeSeat(found.event, request.user);
  if (!registration) return refuse(response, 409, "event_full", "All seats are taken.");
  found.registrations.set(request.user.sub, registration);
  bodies.delete(found.event.id);
  bodies.delete("list");
  response.status(201).json({ registration });
});

const server = app.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
// As long as the Workers runtime keeps connections, which is for ever.
server.keepAliveTimeout = 0;
