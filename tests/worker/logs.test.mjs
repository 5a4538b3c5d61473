// What an operator reads: one JSON line for each request, one more for a security event, and no line
// about a person.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { createEvent, signUpOrganizer } from "./support/people.mjs";
import { useWorkerdWithMail } from "./support/server.mjs";

describe("The log", () => {
  const { server } = useWorkerdWithMail();

  /** The line of this kind about the request that was answered with `answer`. */
  const lineOf = (answer, event = "request") =>
    eventually(() => {
      const id = answer.headers.get("x-request-id");
      const named = server.current.output.split("\n").filter((line) => line.includes(id));
      const lines = named.map((line) => JSON.parse(line)).filter((line) => line.event === event);
      assert.equal(lines.length, 1, `lines with ${id}`);
      return lines[0];
    });

  test("has one line of JSON for each request, with route pattern and status", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const found = await lineOf(await organizer.get(`/api/events/${event.id}?secret=1`));
    assert.equal(found.method, "GET");
    assert.equal(found.status, 200);
    assert.ok(!JSON.stringify(found).includes("secret=1"), "the query string is left out");
    const missed = await lineOf(await organizer.get("/api/nowhere"));
    assert.equal(missed.status, 404);
  });

  test("names nobody", async () => {
    const person = { email: "very.private@example.com", name: "Very Private", password: "Very Private 1" };
    const organizer = await signUpOrganizer(server.current, person);
    await createEvent(organizer);
    const wrong = { email: person.email, password: "Very Private 2" };
    const failed = await new Client(server.current).post("/api/login", wrong);
    assert.equal((await lineOf(failed)).status, 401);
    const security = await lineOf(failed, "security");
    assert.deepEqual([security.kind, security.level, security.user_id], ["login_failed", "warn", null]);
    assert.doesNotMatch(server.current.output, /very.private/i);
  });
});
