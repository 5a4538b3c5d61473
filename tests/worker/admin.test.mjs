// What operators do, in the real runtime: what is decided holds in every isolate at once, and the
// storage does what it is told.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { createEvent, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd, useWorkerdWithMail } from "./support/server.mjs";

const ADMIN_TOKEN = "the operators' token in tests, long enough";
const SOON = { within: 20_000, every: 50 };

const operatorOf = (server) => new Client(server, { token: ADMIN_TOKEN });
const keyOf = ({ email }) => createHash("sha256").update(email).digest("base64url");

describe("Without ADMIN_TOKEN", () => {
  const server = useWorkerd();

  test("there are no calls for operators", async () => {
    for (const token of [undefined, ADMIN_TOKEN]) {
      const answer = await new Client(server.current, { token }).post("/api/admin/accounts/lookup", {});
      expectProblem(answer, 404, "not_found");
    }
  });
});

describe("With ADMIN_TOKEN", () => {
  const { server, mail } = useWorkerdWithMail({ isolates: 2, settings: { ADMIN_TOKEN } });

  test("an event that is taken down is gone from every isolate when that is answered", async () => {
    const operator = operatorOf(server.current);
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const path = `/api/events/${event.id}`;
    const visitors = server.current.isolates.map((isolate) => new Client(isolate));
    for (const visitor of visitors) {
      for (const _ of [1, 2, 3]) expectStatus(await visitor.get(path), 200);
      expectStatus(await visitor.get("/api/events"), 200);
    }
    expectStatus(await operator.post(`/api/admin/events/${event.id}/take-down`), 200);
    for (const visitor of visitors) {
      expectProblem(await visitor.get(path), 404, "not_found");
      const { events } = expectStatus(await visitor.get("/api/events"), 200).body;
      assert.ok(!events.some(({ id }) => id === event.id));
    }
    assert.equal(expectStatus(await organizer.get(path), 200).body.event.taken_down, true);
    expectStatus(await operator.post(`/api/admin/events/${event.id}/restore`), 200);
    for (const visitor of visitors) expectStatus(await visitor.get(path), 200);
  });

  test("a suspended organizer is out at once, and the events follow within seconds", async () => {
    const operator = operatorOf(server.current);
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const lookup = await operator.post("/api/admin/accounts/lookup", { email: organizer.email });
    const { key } = expectStatus(lookup, 200).body.account;
    assert.equal(key, keyOf(organizer));
    expectStatus(await operator.post(`/api/admin/accounts/${key}/suspend`), 200);
    expectProblem(await organizer.get("/api/me"), 401, "unauthenticated");
    const visitor = new Client(server.current);
    expectProblem(await visitor.post("/api/login", organizer), 401, "invalid_credentials");
    await eventually(async () => {
      expectProblem(await visitor.get(`/api/events/${event.id}`), 404, "not_found");
    }, SOON);
    expectStatus(await operator.post(`/api/admin/accounts/${key}/restore`), 200);
    await eventually(async () => expectStatus(await visitor.get(`/api/events/${event.id}`), 200), SOON);
    expectStatus(await visitor.post("/api/login", organizer), 200);
  });

  test("an object tells its size and its alarm, and its dead letters go out again", async () => {
    const operator = operatorOf(server.current);
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const person = await signUp(server.current);
    await mail.current.mailsTo(person.email, { count: 1 });
    mail.current.failAlways(person.email, 422);
    expectStatus(await register(person, event), 201);
    const path = `/api/admin/objects/event/${event.id}`;
    const letters = await eventually(async () => {
      const { dead_letters } = expectStatus(await operator.get(`${path}/dead-letters`), 200).body;
      assert.equal(dead_letters.length, 1);
      return dead_letters;
    }, SOON);
    assert.deepEqual([letters[0].kind, letters[0].reason], ["registered", "refused"]);
    const { object } = expectStatus(await operator.get(path), 200).body;
    assert.equal(object.tables.registrations, 1);
    assert.ok(object.database_bytes > 4_096, String(object.database_bytes));
    assert.ok(object.alarm_at === null || Date.parse(object.alarm_at) > 0);
    mail.current.recover(person.email);
    const resent = await operator.post(`${path}/dead-letters/resend`, { ids: [letters[0].id] });
    assert.equal(expectStatus(resent, 200).body.resent, 1);
    const mails = await mail.current.mailsTo(person.email, { count: 2 });
    assert.match(mails.at(-1).subject, /registered/i);
    expectStatus(await operator.post(`${path}/retry`), 200);
  });

  test("an index is built again from its events", async () => {
    const operator = operatorOf(server.current);
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const rebuilt = expectStatus(await operator.post("/api/admin/catalog/rebuild", { events: [event.id] }), 200);
    assert.deepEqual(rebuilt.body, { reported: 1, missing: 0, next_cursor: null });
    const { events } = (await new Client(server.current).get("/api/events?limit=200")).body;
    assert.ok(events.find(({ id }) => id === event.id).version > event.version);
    let body = {};
    do {
      const page = expectStatus(await operator.post("/api/admin/catalog/rebuild", body), 200).body;
      body = { cursor: page.next_cursor };
    } while (body.cursor !== null);
  });

  test("going back in time is 501 where the runtime keeps no history", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const path = `/api/admin/objects/event/${event.id}/rewind`;
    const to = new Date(Date.now() - 5_000).toISOString();
    expectProblem(await operatorOf(server.current).post(path, { to }), 501, "not_supported");
    expectStatus(await organizer.get(`/api/events/${event.id}`), 200);
  });

  test("each use is a security line, with the request's id and no address or token", async () => {
    const person = await signUp(server.current);
    const answer = await operatorOf(server.current).get(`/api/admin/accounts/${keyOf(person)}`);
    const id = expectStatus(answer, 200).headers.get("x-request-id");
    await eventually(() => {
      const lines = server.current.output.split("\n").filter((line) => line.includes(id));
      const security = lines.map((line) => JSON.parse(line)).find(({ event }) => event === "security");
      assert.equal(security?.action, "GET /api/admin/accounts/{account}");
    });
    assert.ok(!server.current.output.includes(ADMIN_TOKEN));
    assert.ok(!server.current.output.includes(person.email));
  });
});
