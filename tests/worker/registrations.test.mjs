// One person and one seat: registering, leaving, waiting, and when it cannot be done.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { eventually } from "./support/eventually.mjs";
import { expectInvalid, expectProblem, expectStatus } from "./support/expect.mjs";
import {
  cancel,
  createEvent,
  ownRegistration,
  register,
  signUpMany,
  signUpOrganizer,
  walk,
} from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const HOUR_MS = 3_600_000;
const inHours = (hours) => new Date(Date.now() + hours * HOUR_MS).toISOString();

describe("A registration", () => {
  const server = useWorkerd({ settings: { CACHE_LEASE_MS: "0" } });
  let organizer, people;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    people = await signUpMany(server.current, 6);
  });

  const update = (event, fields) => organizer.put(`/api/events/${event.id}`, fields);

  async function registered(person, event) {
    return expectStatus(await register(person, event), 201).body.registration;
  }

  /** `["confirmed", null]`, `["waitlisted", 1]`, or `undefined`. */
  async function standing(person, event) {
    const answer = await ownRegistration(person, event);
    if (answer.status === 404) return undefined;
    const { status, position } = expectStatus(answer, 200).body.registration;
    return [status, position];
  }

  const standings = (event, who = people) => Promise.all(who.map((each) => standing(each, event)));

  test("made twice is the one that stands, with 200 and the same id", async () => {
    const event = await createEvent(organizer, { capacity: 1 });
    const [first, second] = people;
    for (const person of [first, second]) {
      const once = await registered(person, event);
      const twice = expectStatus(await register(person, event), 200).body.registration;
      assert.deepEqual(twice, once);
    }
  });

  test("once cancelled is 404, to be read and to be cancelled", async () => {
    const event = await createEvent(organizer);
    const [person, other] = people;
    await registered(person, event);
    assert.equal(expectStatus(await cancel(person, event), 204).text, "");
    for (const who of [person, other]) {
      expectProblem(await ownRegistration(who, event), 404, "not_found");
      expectProblem(await cancel(who, event), 404, "not_found");
    }
  });

  test("past the capacity waits, in the order of arrival", async () => {
    const event = await createEvent(organizer, { capacity: 2 });
    const answers = [];
    for (const person of people) answers.push(await registered(person, event));
    assert.deepEqual(
      answers.map(({ status }) => status),
      ["confirmed", "confirmed", ...Array(4).fill("waitlisted")],
    );
    assert.deepEqual(
      answers.map(({ position }) => position),
      [null, null, 1, 2, 3, 4],
    );
    for (const { status, confirmed_at } of answers) {
      assert.equal(confirmed_at === null, status === "waitlisted");
    }
  });

  test("moves up when one before it is cancelled, whether seat or place", async () => {
    const event = await createEvent(organizer, { capacity: 2 });
    for (const person of people) await registered(person, event);
    expectStatus(await cancel(people[3], event), 204);
    expectStatus(await cancel(people[0], event), 204);
    assert.deepEqual(await standings(event), [
      undefined,
      ["confirmed", null],
      ["confirmed", null],
      undefined,
      ["waitlisted", 1],
      ["waitlisted", 2],
    ]);
  });

  test("that comes back joins the tail", async () => {
    const event = await createEvent(organizer, { capacity: 1 });
    const [a, b, c] = people;
    for (const person of [a, b, c]) await registered(person, event);
    expectStatus(await cancel(a, event), 204);
    const back = await registered(a, event);
    assert.deepEqual([back.status, back.position], ["waitlisted", 2]);
    assert.deepEqual(await standings(event, [b, c]), [
      ["confirmed", null],
      ["waitlisted", 1],
    ]);
  });

  test("moves up at once when the capacity is raised, or lifted", async () => {
    const event = await createEvent(organizer, { capacity: 1 });
    for (const person of people) await registered(person, event);
    expectStatus(await update(event, { capacity: 3 }), 200);
    assert.deepEqual(await standings(event), [
      ...Array(3).fill(["confirmed", null]),
      ["waitlisted", 1],
      ["waitlisted", 2],
      ["waitlisted", 3],
    ]);
    expectStatus(await update(event, { capacity: null }), 200);
    assert.deepEqual(await standings(event), Array(6).fill(["confirmed", null]));
  });

  test("is never taken back by a lower capacity", async () => {
    const event = await createEvent(organizer, { capacity: 3 });
    for (const person of people.slice(0, 2)) await registered(person, event);
    expectProblem(await update(event, { capacity: 1 }), 409, "capacity_below_confirmed");
    expectStatus(await update(event, { capacity: 2 }), 200);
    const { registration } = (await register(people[2], event)).body;
    assert.equal(registration.status, "waitlisted");
  });

  test("is refused when the seats are gone and there is no waitlist", async () => {
    const event = await createEvent(organizer, { capacity: 1, waitlist: false });
    const [a, b] = people;
    await registered(a, event);
    expectProblem(await register(b, event), 409, "event_full");
    expectStatus(await register(a, event), 200);
    expectStatus(await cancel(a, event), 204);
    assert.equal((await registered(b, event)).status, "confirmed");
  });

  test("is refused before registration opens and after it closes, but stands if it was made", async () => {
    const [a, b] = people;
    const early = await createEvent(organizer, { registration_opens_at: inHours(1) });
    expectProblem(await register(a, early), 409, "registration_not_open");
    const late = await createEvent(organizer, { registration_closes_at: inHours(-1) });
    expectProblem(await register(a, late), 409, "registration_closed");
    const open = { registration_opens_at: inHours(-1), registration_closes_at: inHours(1) };
    const event = await createEvent(organizer, open);
    await registered(a, event);
    expectStatus(await update(event, { registration_closes_at: inHours(-0.5) }), 200);
    expectProblem(await register(b, event), 409, "registration_closed");
    expectStatus(await register(a, event), 200);
  });

  test("is refused for a cancelled event", async () => {
    const event = await createEvent(organizer);
    expectStatus(await update(event, { status: "cancelled" }), 200);
    expectProblem(await register(people[0], event), 409, "event_cancelled");
  });

  test("is 404 for an event that was deleted", async () => {
    const event = await createEvent(organizer);
    await registered(people[0], event);
    expectStatus(await organizer.delete(`/api/events/${event.id}`), 204);
    for (const call of [register, ownRegistration, cancel]) {
      expectProblem(await call(people[0], event), 404, "not_found");
    }
  });

  test("is listed for the organizer, by status, page by page, and for nobody else", async () => {
    const event = await createEvent(organizer, { capacity: 2 });
    for (const person of people) await registered(person, event);
    const path = `/api/events/${event.id}/registrations`;
    const emails = async (status, limit) =>
      (await walk(organizer, `${path}?status=${status}`, "registrations", limit)).map(
        ({ user }) => user.email,
      );
    const [seated, waiting] = [people.slice(0, 2), people.slice(2)].map((some) =>
      some.map(({ email }) => email),
    );
    assert.deepEqual((await emails("confirmed", 1)).sort(), seated.sort());
    assert.deepEqual((await emails("waitlisted", 3)).sort(), waiting.sort());
    expectInvalid(await organizer.get(`${path}?status=lost`), "status");
    expectProblem(await people[0].get(path), 403, "forbidden");
    expectProblem(await (await signUpOrganizer(server.current)).get(path), 403, "forbidden");
  });

  test("is counted in the event within seconds", async () => {
    const event = await createEvent(organizer, { capacity: 4 });
    for (const person of people) await registered(person, event);
    await eventually(async () => {
      const { seats } = (await people[0].get(`/api/events/${event.id}`)).body.event;
      assert.deepEqual(seats, { confirmed: 4, waitlisted: 2, remaining: 0 });
    });
  });
});
