// At the edge the clock stands still while a request computes, and moves on when something comes in from
// outside. Whatever waits or measures has to live with that.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { expectStatus } from "./support/expect.mjs";
import { cancel, createEvent, logIn, register, registrationsOf, signUpMany, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const AROUND = ["frozen-clock.js", "clock.js"];

describe("With a clock that stands still within a request", () => {
  const server = useWorkerd({ around: AROUND, settings: { BCRYPT_COST: "8", CACHE_LEASE_MS: "50" }, isolates: 2 });
  let organizer, crowd;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    crowd = await signUpMany(server.current, 30);
  });

  test("many log in at the same time, and readers are answered meanwhile", async () => {
    const logins = crowd.map((person) => logIn(server.current, person));
    for (let n = 0; n < 20; n++) expectStatus(await organizer.get("/api/events"), 200);
    assert.equal((await Promise.all(logins)).length, crowd.length);
  });

  test("a crowd registers, in order, and leaves", async () => {
    const event = await createEvent(organizer, { capacity: 10 });
    for (const answer of await Promise.all(crowd.map((person) => register(person, event)))) expectStatus(answer, 201);
    const waiting = await registrationsOf(organizer, event, "waitlisted");
    assert.deepEqual(waiting.map(({ position }) => position), waiting.map((_, index) => index + 1));
    for (const answer of await Promise.all(crowd.map((person) => cancel(person, event)))) expectStatus(answer, 204);
  });

  test("no isolate shows what was before an acknowledged edit", async () => {
    const event = await createEvent(organizer);
    const readers = server.current.isolates.map((isolate) => organizer.at(isolate));
    const path = `/api/events/${event.id}`;
    for (let round = 1; round <= 30; round++) {
      const description = `Round ${round}`;
      for (const reader of readers) await reader.get(path);
      expectStatus(await organizer.put(path, { description }), 200);
      for (const reader of readers) {
        const [one, list] = [await reader.get(path), await reader.get("/api/events?sort=-created_at")];
        assert.equal(expectStatus(one, 200).body.event.description, description);
        assert.equal(expectStatus(list, 200).body.events[0].description, description);
      }
    }
  });
});
