// During a rollout the last release and today's version run side by side for hours, and a rollback brings the last
// release back to what today's has written. `release.json` names the release; `make build/release/index.js` builds it.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { RELEASED, TODAY } from "./support/build.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import {
  cancel,
  createEvent,
  logIn,
  ownRegistration,
  register,
  registrationsOf,
  signUp,
  signUpMany,
  signUpOrganizer,
  walk,
} from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const CAPACITY = 8;

for (const [name, builds] of [
  ["An isolate of the last release with today's objects", [TODAY, RELEASED]],
  ["An isolate of today's version with the last release's objects", [RELEASED, TODAY]],
]) {
  describe(name, () => {
    const server = useWorkerd({ isolates: 2, builds });
    let isolate, organizer, people;

    before(async () => {
      isolate = server.current.isolates[1];
      organizer = await signUpOrganizer(isolate);
      people = await signUpMany(isolate, 24);
    });

    test("signs people up, logs them in and keeps their sessions", async () => {
      const person = await signUp(isolate);
      const again = await logIn(isolate, person);
      const refreshed = await again.post("/api/token/refresh", { refresh_token: again.refreshToken });
      expectStatus(refreshed, 200);
      expectStatus(await person.patch("/api/me", { name: "Ada" }), 200);
      expectStatus(await person.post("/api/logout"), 204);
      expectProblem(await person.get("/api/me"), 401, "unauthenticated");
    });

    test("seats a crowd, keeps its order and moves the waitlist up", async () => {
      const event = await createEvent(organizer, { capacity: CAPACITY });
      for (const answer of await Promise.all(people.map((person) => register(person, event)))) expectStatus(answer, 201);
      for (const answer of await Promise.all(people.map((person) => register(person, event)))) expectStatus(answer, 200);
      const waiting = await registrationsOf(organizer, event, "waitlisted");
      assert.equal(waiting.length, people.length - CAPACITY);
      const [seated] = await registrationsOf(organizer, event, "confirmed");
      expectStatus(await organizer.delete(`/api/events/${event.id}/registrations/${seated.id}`), 204);
      const first = people.find(({ user }) => user.id === waiting[0].user.id);
      assert.equal((await ownRegistration(first, event)).body.registration.status, "confirmed");
      expectStatus(await cancel(first, event), 204);
      const mine = await walk(people[0], "/api/me/registrations", "registrations");
      assert.ok(mine.length <= 1);
    });

    test("reads what was acknowledged, at whichever isolate", async () => {
      const event = await createEvent(organizer);
      const readers = server.current.isolates.map((reader) => organizer.at(reader));
      for (let round = 0; round < 10; round++) {
        for (const reader of readers) await reader.get(`/api/events/${event.id}`);
        const description = `Round ${round}`;
        const writer = readers[round % 2];
        expectStatus(await writer.put(`/api/events/${event.id}`, { description }), 200);
        for (const reader of readers) {
          const read = await reader.get(`/api/events/${event.id}`);
          assert.equal(expectStatus(read, 200).body.event.description, description);
          const list = await reader.get("/api/events?sort=-created_at");
          assert.equal(expectStatus(list, 200).body.events[0].description, description);
        }
      }
      expectStatus(await organizer.delete(`/api/events/${event.id}`), 204);
      for (const reader of readers) expectProblem(await reader.get(`/api/events/${event.id}`), 404, "not_found");
    });
  });
}

describe("What the last release has stored", () => {
  const server = useWorkerd({ builds: [RELEASED] });

  test("is served by today's version, and by the release again after a rollback", async () => {
    const organizer = await signUpOrganizer(server.current);
    const people = await signUpMany(server.current, 6);
    const event = await createEvent(organizer, { capacity: 3 });
    for (const person of people) expectStatus(await register(person, event), 201);
    const standing = async () => {
      const all = await walk(organizer, `/api/events/${event.id}/registrations`, "registrations");
      return all.filter(({ status }) => status !== "cancelled").map(({ id, status }) => [id, status]);
    };
    const before = await standing();

    for (const build of [TODAY, RELEASED]) {
      await server.current.restart({}, [build]);
      assert.deepEqual(await standing(), before);
      const newcomer = await signUp(server.current);
      expectStatus(await register(newcomer, event), 201);
      expectStatus(await cancel(newcomer, event), 204);
      const edit = await organizer.put(`/api/events/${event.id}`, { description: `By ${build}` });
      assert.equal(expectStatus(edit, 200).body.event.description, `By ${build}`);
      assert.equal((await walk(organizer, "/api/events", "events")).length, 1);
    }
  });
});
