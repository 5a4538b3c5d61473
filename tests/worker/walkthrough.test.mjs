// The seven calls that the project exists for, with the bodies that its issues and README give.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { UTC_TIME, UUID_V7, expectNoStore, expectProblem, expectStatus } from "./support/expect.mjs";
import { useWorkerd } from "./support/server.mjs";

describe("The walkthrough", () => {
  const server = useWorkerd();
  const credentials = { email: "testuser@example.com", password: "SecurePassword123" };
  let visitor, organizer, event;

  test("the server is healthy", async () => {
    visitor = new Client(server.current);
    const { body } = expectStatus(await visitor.get("/api/health"), 200);
    assert.equal(body.status, "ok");
    assert.equal(typeof body.version, "string");
  });

  test("an organizer signs up", async () => {
    const answer = await visitor.post("/api/register", { ...credentials, role: "organizer" });
    const { user } = expectStatus(answer, 201).body;
    expectNoStore(answer);
    assert.match(user.id, UUID_V7);
    assert.match(user.created_at, UTC_TIME);
    assert.equal(user.email, credentials.email);
    assert.equal(user.role, "organizer");
    assert.equal(user.email_verified, false);
    assert.ok("name" in user);
    assert.doesNotMatch(answer.text, /SecurePassword123|\$2[aby]\$/);
  });

  test("logs in", async () => {
    const answer = await visitor.post("/api/login", credentials);
    const { body } = expectStatus(answer, 200);
    expectNoStore(answer);
    assert.equal(body.token_type, "Bearer");
    assert.equal(body.expires_in, 3600);
    assert.ok(body.token);
    assert.ok(body.refresh_token);
    assert.equal(body.user.email, credentials.email);
    organizer = new Client(server.current, { token: body.token });
    const me = expectStatus(await organizer.get("/api/me"), 200);
    expectNoStore(me);
    assert.deepEqual(me.body.user, body.user);
  });

  test("creates an event", async () => {
    const details = { date: "2024-05-25", time: "14:00", description: "Virtual Tech Conference" };
    const answer = await organizer.post("/api/events", details);
    event = expectStatus(answer, 201).body.event;
    assert.match(event.id, UUID_V7);
    assert.equal(event.title, "Virtual Tech Conference");
    assert.equal(event.starts_at, "2024-05-25T14:00:00Z");
    assert.equal(event.ends_at, "2024-05-25T15:00:00Z");
    assert.ok(answer.headers.get("location").endsWith(`/api/events/${event.id}`));
    assert.ok(answer.headers.get("etag").startsWith(`"${event.version}.`));
  });

  test("lists it", async () => {
    const { body } = expectStatus(await organizer.get("/api/events"), 200);
    assert.deepEqual(
      body.events.map(({ id }) => id),
      [event.id],
    );
    assert.equal(body.next_cursor, null);
  });

  test("changes it", async () => {
    const change = { date: "2024-05-26", time: "16:00", description: "Updated Tech Conference" };
    const answer = await organizer.put(`/api/events/${event.id}`, change);
    const updated = expectStatus(answer, 200).body.event;
    assert.deepEqual({ date: updated.date, time: updated.time, description: updated.description }, change);
    assert.equal(updated.title, "Updated Tech Conference");
    assert.equal(updated.starts_at, "2024-05-26T16:00:00Z");
    assert.ok(updated.version > event.version);
    assert.ok(answer.headers.get("etag").startsWith(`"${updated.version}.`));
  });

  test("registers for it", async () => {
    const answer = await organizer.post(`/api/events/${event.id}/register`);
    const { registration } = expectStatus(answer, 201).body;
    expectNoStore(answer);
    assert.match(registration.id, UUID_V7);
    assert.equal(registration.event_id, event.id);
    assert.equal(registration.user.email, credentials.email);
    assert.equal(registration.status, "confirmed");
    assert.equal(registration.position, null);
    assert.match(registration.registered_at, UTC_TIME);
    assert.match(registration.confirmed_at, UTC_TIME);
    const own = await organizer.get(`/api/events/${event.id}/register`);
    assert.deepEqual(expectStatus(own, 200).body, { registration });
  });

  test("deletes it", async () => {
    const answer = await organizer.delete(`/api/events/${event.id}`);
    assert.equal(expectStatus(answer, 204).text, "");
    expectProblem(await organizer.get(`/api/events/${event.id}`), 404, "not_found");
    expectProblem(await organizer.get(`/api/events/${event.id}/register`), 404, "not_found");
    assert.deepEqual((await organizer.get("/api/events")).body.events, []);
  });
});
