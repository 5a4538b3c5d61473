// Every error of the contract's common table that a client can provoke on a healthy server. The
// table's 503s have tests of their own (`configuration.test.mjs`), bodies too (`bodies.test.mjs`).

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import {
  expectCommonHeaders,
  expectInvalid,
  expectProblem,
  expectRetryAfter,
  expectStatus,
  expectUnauthenticated,
  listOf,
} from "./support/expect.mjs";
import { EVENT, createEvent, signUp, signUpOrganizer } from "./support/people.mjs";
import { useMiniflare, useWorkerd } from "./support/server.mjs";

const NOBODY = "01890000-0000-7000-8000-000000000000";

describe("Errors", () => {
  const server = useWorkerd();
  let visitor, attendee, organizer, event;

  before(async () => {
    visitor = new Client(server.current);
    [attendee, organizer] = await Promise.all([signUp(server.current), signUpOrganizer(server.current)]);
    event = await createEvent(organizer);
  });

  test("malformed JSON is 400 malformed_json", async () => {
    const labelled = { headers: { "content-type": "application/json" } };
    for (const body of [
      '{"email": ',
      "",
      "{'a': 1}",
      '{"a": 1} trailing',
      new Uint8Array([0x22, 0xff, 0x22]),
    ]) {
      const answer = await visitor.request("POST", "/api/register", { body, ...labelled });
      expectProblem(answer, 400, "malformed_json");
    }
  });

  test("a missing token is 401 unauthenticated", async () => {
    for (const [method, path] of [
      ["GET", "/api/me"],
      ["POST", "/api/events"],
      ["PUT", `/api/events/${event.id}`],
      ["DELETE", `/api/events/${event.id}`],
      ["POST", `/api/events/${event.id}/register`],
      ["GET", `/api/events/${event.id}/register`],
    ]) {
      const json = ["POST", "PUT"].includes(method) ? {} : undefined;
      expectUnauthenticated(await visitor.request(method, path, { json }));
    }
  });

  test("an attendee who organizes is 403 forbidden", async () => {
    expectProblem(await attendee.post("/api/events", EVENT), 403, "forbidden");
  });

  test("an organizer who writes to another's event is 403 forbidden", async () => {
    const other = await signUpOrganizer(server.current);
    const path = `/api/events/${event.id}`;
    expectProblem(await other.put(path, { title: "Mine" }), 403, "forbidden");
    expectProblem(await other.delete(path), 403, "forbidden");
    assert.equal((await organizer.get(path)).body.event.title, event.title);
  });

  test("an unknown path is 404 not_found", async () => {
    for (const path of ["/api", "/api/nothing", "/api/events/", "/API/EVENTS", "/favicon.ico"]) {
      expectProblem(await visitor.get(path), 404, "not_found");
    }
  });

  test("an unknown or malformed id is 404 not_found", async () => {
    for (const id of [NOBODY, "1", "not-a-uuid", `${NOBODY}0`, "%00", "..%2Fme", "%F0%9F%98%80"]) {
      expectProblem(await organizer.get(`/api/events/${id}`), 404, "not_found");
      expectProblem(await organizer.put(`/api/events/${id}`, { title: "x" }), 404, "not_found");
      expectProblem(await organizer.delete(`/api/events/${id}`), 404, "not_found");
      expectProblem(await organizer.post(`/api/events/${id}/register`), 404, "not_found");
    }
  });

  test("an unknown method is 405 method_not_allowed with the allowed ones", async () => {
    for (const [method, path, allowed] of [
      ["PUT", "/api/register", ["post"]],
      ["GET", "/api/login", ["post"]],
      ["DELETE", "/api/events", ["get", "head", "post"]],
      ["POST", `/api/events/${event.id}`, ["get", "head", "put", "patch", "delete"]],
      ["PUT", `/api/events/${event.id}/register`, ["get", "head", "post", "delete"]],
      ["POST", "/api/health", ["get", "head"]],
    ]) {
      const answer = await visitor.request(method, path);
      expectProblem(answer, 405, "method_not_allowed");
      const allow = listOf(answer.headers.get("allow"));
      for (const each of allowed) assert.ok(allow.includes(each), `${each} for ${path}: ${allow}`);
      assert.ok(!allow.includes(method.toLowerCase()), `${method} for ${path}: ${allow}`);
    }
  });

  test("a write whose If-Match is out of date is 412 precondition_failed", async () => {
    const stale = { "if-match": `"${event.version + 1}.0"` };
    const path = `/api/events/${event.id}`;
    expectProblem(await organizer.put(path, { title: "Late" }, stale), 412, "precondition_failed");
    expectProblem(await organizer.delete(path, stale), 412, "precondition_failed");
    assert.equal((await organizer.get(path)).body.event.title, event.title);
  });

  test("bad fields are 422 validation_failed, all of them at once", async () => {
    const account = { email: "nobody", password: "short", role: "admin" };
    expectInvalid(await visitor.post("/api/register", account), "email", "password", "role");
    expectInvalid(await visitor.post("/api/register", {}), "email", "password");
    expectInvalid(await visitor.post("/api/login", {}), "email", "password");
    expectInvalid(await organizer.post("/api/events", {}), "date", "description", "time");
    const details = { ...EVENT, date: "2024-02-30", capacity: 0, timezone: "Mars/Olympus" };
    expectInvalid(await organizer.post("/api/events", details), "capacity", "date", "timezone");
  });

  test("eleven failed logins in a row are 429 rate_limited", async () => {
    const guess = { email: attendee.email, password: "not the password" };
    for (let failure = 1; failure <= 10; failure++) {
      expectProblem(await visitor.post("/api/login", guess), 401, "invalid_credentials");
    }
    const answer = await visitor.post("/api/login", guess);
    expectProblem(answer, 429, "rate_limited");
    expectRetryAfter(answer);
  });

  test("each answer has its own X-Request-Id", async () => {
    const answers = await Promise.all(
      ["/api/health", "/api/events", "/api/me", "/nowhere"].map((path) => visitor.get(path)),
    );
    answers.forEach(expectCommonHeaders);
    const ids = answers.map(({ headers }) => headers.get("x-request-id"));
    assert.equal(new Set(ids).size, ids.length);
  });
});

describe("Limits that are bound", () => {
  const limiter = (namespace, limit) => ({ type: "rate-limit", namespace, simple: { limit, period: 60 } });
  const server = useMiniflare({
    env: {
      RATE_LIMITER: limiter("1", 8),
      ACCOUNT_RATE_LIMITER: limiter("2", 3),
      MAIL_RATE_LIMITER: limiter("3", 2),
      ACCOUNT_MAIL_RATE_LIMITER: limiter("4", 2),
      SIGN_UP_RATE_LIMITER: limiter("5", 2),
    },
  });
  const password = "correct horse battery";
  const call = (path, address, json) =>
    new Client(server.current).post(path, json, { "cf-connecting-ip": address });
  const expectLimited = (answer) => {
    expectProblem(answer, 429, "rate_limited");
    expectRetryAfter(answer);
  };
  const guess = (address, email) => call("/api/login", address, { email, password });

  test("count a /64 as one client, and all whose address makes no sense", async () => {
    for (const addresses of [
      ["2001:db8::1", "2001:db8:0:0:ffff::2", "2001:db8:0:1::1"],
      ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"],
      ["nonsense", "192.0.2.1, 192.0.2.2", "192.0.2.3"],
    ]) {
      const [one, same, other] = addresses;
      for (let n = 0; n < 8; n++) {
        expectStatus(await guess(n % 2 ? one : same, `${n}-${other}@example.com`.replaceAll(":", "-")), 401);
      }
      expectLimited(await guess(one, "nobody@example.com"));
      expectLimited(await guess(same, "nobody@example.com"));
      expectStatus(await guess(other, "nobody@example.com"), 401);
    }
  });

  test("count an account whoever calls, and sign-ups and mails of a client", async () => {
    for (const n of [1, 2, 3]) expectStatus(await guess(`198.51.100.${n}`, "victim@example.com"), 401);
    expectLimited(await guess("198.51.100.4", "victim@example.com"));

    const signUpAs = (email) => call("/api/register", "198.51.100.5", { email, password });
    for (const name of ["f", "g"]) expectStatus(await signUpAs(`${name}@example.com`), 201);
    expectLimited(await signUpAs("h@example.com"));

    const forget = (email) => call("/api/password/forgot", "198.51.100.6", { email });
    for (const name of ["f", "i"]) expectStatus(await forget(`${name}@example.com`), 202);
    expectLimited(await forget("g@example.com"));
  });
});

describe("A bound RATE_LIMITER", () => {
  const limiter = { type: "rate-limit", namespace: "1", simple: { limit: 3, period: 60 } };
  const server = useMiniflare({ env: { RATE_LIMITER: limiter } });

  test("answers a flood of sign-ups with 429 rate_limited, and nothing else", async () => {
    const visitor = new Client(server.current);
    const headers = { "cf-connecting-ip": "192.0.2.1" };
    const signUpAs = (email) => visitor.post("/api/register", { email, password: "correct horse" }, headers);
    for (const name of ["a", "b", "c"]) expectStatus(await signUpAs(`${name}@example.com`), 201);
    const answer = await signUpAs("d@example.com");
    expectProblem(answer, 429, "rate_limited");
    expectRetryAfter(answer);
    for (let read = 0; read < 10; read++) expectStatus(await visitor.get("/api/health"), 200);
  });
});
