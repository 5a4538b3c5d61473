// upgrade.test.mjs: what the last release has stored, in the hands of this version.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { RELEASED, TODAY } from "./support/build.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { createEvent, logIn, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

describe("What the last release has stored", () => {
  const server = useWorkerd({ builds: [RELEASED], settings: { CACHE_LEASE_MS: "20" } });
  const decomposed = "schlu\u0308ssel-von-fru\u0308her";
  let organizer, person, event, skipped;

  before(async () => {
    organizer = await signUpOrganizer(server.current, { name: "Früher" });
    person = await signUp(server.current, { name: "Vergessen", password: decomposed });
    event = await createEvent(organizer, { title: "東京会議室", tags: ["Zürich"] });
    const night = { date: "2100-03-28", time: "02:30", timezone: "Europe/Berlin" };
    skipped = await createEvent(organizer, night);
    expectStatus(await register(person, event), 201);
    await eventually(async () => assert.equal((await organizer.get("/api/events")).body.events.length, 2));
    await server.current.restart({}, [TODAY]);
    [organizer, person] = [await logIn(server.current, organizer), await logIn(server.current, person)];
  });

  test("is found as what is new is, before long", async () => {
    for (const query of ["q=議室", "tag=ZURICH"]) {
      await eventually(async () => {
        const { events } = expectStatus(await organizer.get(encodeURI(`/api/events?${query}`)), 200).body;
        assert.deepEqual(events.map(({ id }) => id), [event.id], query);
      });
    }
  });

  test("follows a change of name", async () => {
    expectStatus(await organizer.patch("/api/me", { name: "Später" }), 200);
    await eventually(async () => {
      const { organizer: by } = (await organizer.get(`/api/events/${event.id}`)).body.event;
      assert.equal(by.name, "Später");
    });
  });

  test("is erased with its account", async () => {
    expectStatus(await person.delete("/api/me", {}, { password: decomposed }), 204);
    await eventually(async () => {
      const { text } = await organizer.get(`/api/events/${event.id}/registrations`);
      assert.doesNotMatch(text, /Vergessen/);
    });
  });

  test("can be changed but for the hour that does not exist", async () => {
    expectStatus(await organizer.put(`/api/events/${skipped.id}`, { capacity: 5 }), 200);
  });

  test("is met with no error", () => assert.doesNotMatch(server.current.output, /"level":"error"/));
});
