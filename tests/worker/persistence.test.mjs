// What was acknowledged outlives the memory that it was answered from.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import {
  PASSWORD,
  cancel,
  createEvent,
  logIn,
  ownRegistration,
  register,
  signUp,
  signUpOrganizer,
} from "./support/people.mjs";
import { useMiniflare, useWorkerd } from "./support/server.mjs";

const LOSSES = {
  "an eviction of every object": [useMiniflare, (server) => server.evictAll()],
  "a restart in miniflare": [useMiniflare, (server) => server.restart()],
  "a restart of workerd": [useWorkerd, (server) => server.restart()],
  "a kill -9 of workerd": [useWorkerd, (server) => server.kill9().then(() => server.start())],
};

for (const [loss, [useServer, lose]] of Object.entries(LOSSES)) {
  describe(`After ${loss}`, () => {
    const server = useServer();
    let organizer, event, changed, deleted, confirmed, waiting, gone, known;

    const readEvent = async () => (await organizer.get(`/api/events/${event.id}`)).body.event;

    /** All that can be seen of an event and its registrations, but for the counts of seats. */
    const seen = async () => ({
      users: await Promise.all(
        [organizer, confirmed, waiting].map(async (who) => (await who.get("/api/me")).body),
      ),
      event: { ...(await readEvent()), seats: undefined },
      list: (await organizer.get("/api/events")).body.events.map((listed) => ({
        ...listed,
        seats: undefined,
      })),
      registrations: await Promise.all(
        [confirmed, waiting].map(async (who) => (await ownRegistration(who, event)).body),
      ),
    });

    before(async () => {
      organizer = await signUpOrganizer(server.current, { name: "Ada" });
      confirmed = await signUp(server.current);
      waiting = await signUp(server.current);
      gone = await signUp(server.current);
      event = await createEvent(organizer, {
        capacity: 1,
        tags: ["rust"],
        join_url: "https://meet.example/1",
      });
      changed = await createEvent(organizer);
      expectStatus(await organizer.put(`/api/events/${changed.id}`, { title: "Changed" }), 200);
      deleted = await createEvent(organizer);
      expectStatus(await organizer.delete(`/api/events/${deleted.id}`), 204);
      for (const person of [confirmed, gone, waiting]) {
        expectStatus(await register(person, event), 201);
      }
      expectStatus(await cancel(gone, event), 204);
      known = await seen();
      await lose(server.current);
    });

    test("users, events and registrations are as they were", async () => {
      const now = await seen();
      assert.deepEqual(now, known);
      assert.equal(now.event.join_url, "https://meet.example/1");
      assert.deepEqual(now.list.map(({ title }) => title).sort(), [event.title, "Changed"].sort());
      await eventually(async () => {
        assert.deepEqual((await readEvent()).seats, { confirmed: 1, waitlisted: 1, remaining: 0 });
      });
    });

    test("passwords and tokens still open the door", async () => {
      await logIn(server.current, confirmed);
      expectStatus(await confirmed.get("/api/me"), 200);
      const again = { email: confirmed.email, password: PASSWORD };
      expectProblem(await new Client(server.current).post("/api/register", again), 409, "email_taken");
    });

    test("what was deleted or cancelled stays so", async () => {
      expectProblem(await organizer.get(`/api/events/${deleted.id}`), 404, "not_found");
      expectProblem(await organizer.put(`/api/events/${deleted.id}`, { title: "x" }), 404, "not_found");
      expectProblem(await ownRegistration(gone, event), 404, "not_found");
    });

    test("writes go on where they stood", async () => {
      const again = expectStatus(await register(confirmed, event), 200).body.registration;
      assert.equal(again.status, "confirmed");
      expectStatus(await cancel(confirmed, event), 204);
      const moved = (await ownRegistration(waiting, event)).body.registration;
      assert.equal(moved.status, "confirmed");
      const { version } = (await organizer.get(`/api/events/${changed.id}`)).body.event;
      const update = await organizer.put(`/api/events/${changed.id}`, { title: "Changed again" });
      assert.ok(expectStatus(update, 200).body.event.version > version);
    });
  });
}
