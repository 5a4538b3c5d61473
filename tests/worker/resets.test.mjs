// Deployments, updates of the runtime and moves between machines reset objects while people use them. A call
// that meets such an object is made again by the platform: nobody sees an error, and nothing is done twice.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { eventually, pause } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { fault } from "./support/fault.mjs";
import {
  cancel,
  createEvent,
  ownRegistration,
  register,
  registrationsOf,
  signUpMany,
  signUpOrganizer,
  walk,
} from "./support/people.mjs";
import { RELEASED, TODAY } from "./support/build.mjs";
import { useWorkerdWithMail } from "./support/server.mjs";

const PEOPLE = 64;
const CAPACITY = 20;
const RESETS = 50;
/** What the runtime does with an alarm that fails: tries again after 2, 4, 8 … seconds, so many times. */
const ALARM_RETRIES = 6;
const GIVEN_UP_MS = 240_000;
/** Longer than a call takes with all of its tries, so that a fault is met by chance and not always. */
const BETWEEN_RESETS_MS = 250;

const soon = () => {
  const [date, time] = new Date(Date.now() + 10 * 60_000).toISOString().split("T");
  return { date, time: time.slice(0, 5) };
};

/** The name of a person's Account object. */
const accountOf = ({ email }) => createHash("sha256").update(email).digest("base64url");

function whileObjectsAreReset(builds) {
  const { server } = useWorkerdWithMail({
    settings: { CACHE_LEASE_MS: "20" },
    around: ["faults.js", "instances.js"],
    isolates: builds.length,
    builds,
  });
  /** Some at each isolate. */
  const spread = (people) => people.map((person, n) => person.at(server.current.isolates[n % builds.length]));

  const reset = (binding, name) => fault(server.current, "reset", { binding, name });

  test("people register, leave and join, and an organizer edits, as if nothing had happened", async () => {
    const organizer = await signUpOrganizer(server.current.isolates.at(-1));
    const people = spread(await signUpMany(server.current, PEOPLE));
    const event = await createEvent(organizer, {
      ...soon(),
      capacity: CAPACITY,
      join_url: "https://meet.example/1",
    });
    let over = false;
    let registrations = 0;

    const comeAndGo = async (person, index) => {
      const joins = index % 4 === 0;
      while (!over) {
        const { registration } = expectStatus(await register(person, event), 201).body;
        registrations++;
        assert.equal(expectStatus(await register(person, event), 200).body.registration.id, registration.id);
        if (joins) {
          const answer = await person.post(`/api/events/${event.id}/join`);
          assert.ok([200, 403].includes(answer.status), answer.text);
        }
        if (over && index % 2 === 0) return;
        expectStatus(await cancel(person, event), 204);
        await pause(50);
      }
    };
    let edits = 0;
    let tag = '"1.0"';
    const edit = async () => {
      while (!over) {
        const fields = { description: `Edit ${++edits}` };
        const answer = await organizer.patch(`/api/events/${event.id}`, fields, { "if-match": tag });
        tag = expectStatus(answer, 200).headers.get("etag");
        assert.equal(answer.body.event.version, edits + 1, "an edit was done twice");
        const listed = await organizer.get("/api/events");
        assert.equal(expectStatus(listed, 200).body.events[0].description, fields.description);
      }
    };
    const strike = async () => {
      for (let n = 0; n < RESETS; n++) {
        await pause(BETWEEN_RESETS_MS);
        const person = people[n % people.length];
        await [
          () => reset("EVENTS", event.id),
          () => reset("CATALOG", "catalog"),
          () => reset("ACCOUNTS", accountOf(person)),
          () => reset("EVENTS", event.id),
        ][n % 4]();
      }
      over = true;
    };
    await Promise.all([strike(), edit(), ...people.map(comeAndGo)]);

    assert.ok(edits > 10 && registrations > PEOPLE, `${edits} edits and ${registrations} registrations`);
    const confirmed = await registrationsOf(organizer, event, "confirmed");
    const waiting = await registrationsOf(organizer, event, "waitlisted");
    assert.equal(confirmed.length, Math.min(CAPACITY, confirmed.length + waiting.length));
    const standing = [...confirmed, ...waiting].map(({ user }) => user.id);
    assert.equal(new Set(standing).size, standing.length, "a person is registered twice");
    for (const person of people) {
      const { status } = await ownRegistration(person, event);
      assert.equal(status, standing.includes(person.user.id) ? 200 : 404);
    }
  });

  test("accounts and events are made once", async () => {
    const organizer = await signUpOrganizer(server.current.isolates.at(-1));
    let over = false;
    const created = [];
    const create = async () => {
      while (!over) created.push(await createEvent(organizer));
    };
    const sessions = async () => {
      let refreshToken = organizer.refreshToken;
      while (!over) {
        const answer = await organizer.post("/api/token/refresh", { refresh_token: refreshToken });
        refreshToken = expectStatus(answer, 200).body.refresh_token;
      }
    };
    const strike = async () => {
      for (let n = 0; n < 10; n++) {
        await pause(BETWEEN_RESETS_MS);
        await reset(...(n % 2 === 0 ? ["CATALOG", "catalog"] : ["ACCOUNTS", accountOf(organizer)]));
      }
      over = true;
    };
    await Promise.all([strike(), create(), sessions()]);
    const listed = (await walk(organizer, "/api/me/events", "events")).map(({ id }) => id);
    assert.equal(new Set(listed).size, listed.length);
    for (const { id } of created) assert.ok(listed.includes(id), "a created event is in no list");
  });
}

// The runtime takes two minutes to give an alarm up, so that is waited for beside the rest.
describe("Objects that the runtime resets", { concurrency: 2 }, () => {
  describe("are asked again", { concurrency: 1 }, () => {
    describe("by isolates of their own version", () => whileObjectsAreReset([TODAY]));
    describe("in a rollout, by isolates of the last release", () => whileObjectsAreReset([TODAY, RELEASED]));
    describe("in a rollout that has not come to the objects", () => whileObjectsAreReset([RELEASED, TODAY]));
  });

  describe("look after an outbox whose alarm is gone", { concurrency: 1 }, () => {
    const { server, mail } = useWorkerdWithMail({ around: ["faults.js", "instances.js"] });

    test("when somebody asks them for anything", async () => {
      const email = "forgotten@example.com";
      mail.current.failAlways(email, 500);
      const person = await signUpOrganizer(server.current, { email });
      await eventually(() => assert.ok(mail.current.attemptsFor(email).length > 0));
      const account = { binding: "ACCOUNTS", name: accountOf(person) };
      // As the runtime leaves it after six failures: what waits stays, and nothing will ring.
      await eventually(async () => assert.ok(await fault(server.current, "forget-alarm", account), "no alarm is set"));
      await fault(server.current, "reset", account);
      mail.current.recover(email);
      expectStatus(await person.get("/api/me"), 200);
      assert.equal((await mail.current.mailsTo(email)).length, 1);
    });

    test("after traps in a row, for which the runtime has given it up", { timeout: 300_000 }, async () => {
      const email = "trapped@example.com";
      mail.current.failAlways(email, 500);
      const person = await signUpOrganizer(server.current, { email });
      await eventually(() => assert.ok(mail.current.attemptsFor(email).length > 0));
      const account = { binding: "ACCOUNTS", name: accountOf(person) };
      await fault(server.current, "trap-alarms", { ...account, on: true });
      const given = { set: false, traps: 1 + ALARM_RETRIES };
      await eventually(async () => assert.deepEqual(await fault(server.current, "alarm", account), given), {
        within: GIVEN_UP_MS,
      });
      await fault(server.current, "trap-alarms", { ...account, on: false });
      mail.current.recover(email);
      expectStatus(await person.get("/api/me"), 200);
      assert.equal((await mail.current.mailsTo(email)).length, 1);
    });
  });
});
