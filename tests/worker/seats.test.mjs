// Crowds and seats: whatever the order in which they arrive, no seat is sold twice and nobody is
// overtaken.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { pause } from "./support/eventually.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import {
  cancel,
  createEvent,
  ownRegistration,
  register,
  registrationsOf,
  signUp,
  signUpMany,
  signUpOrganizer,
} from "./support/people.mjs";
import { useWorkerd, useWorkerdWithMail } from "./support/server.mjs";

const CROWD = 500;
const SEATS = 25;
const all = (people, call) => Promise.all(people.map(call));

describe("Five hundred people", () => {
  const server = useWorkerd();
  let organizer, crowd;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    crowd = await signUpMany(server.current, CROWD);
  });

  const listed = (event, status) => registrationsOf(organizer, event, status);

  test("who register at once for 25 seats, 25 of whom then leave at once, are served in order", async () => {
    const event = await createEvent(organizer, { capacity: SEATS });

    const arrivals = (await all(crowd, (person) => register(person, event))).map((answer, index) => ({
      person: crowd[index],
      ...expectStatus(answer, 201).body.registration,
    }));
    const confirmed = arrivals.filter(({ status }) => status === "confirmed");
    const waiting = arrivals
      .filter(({ status }) => status === "waitlisted")
      .sort((a, b) => a.position - b.position);
    assert.equal(confirmed.length, SEATS);
    assert.ok(confirmed.every(({ position }) => position === null));
    const places = Array.from({ length: CROWD - SEATS }, (_, index) => index + 1);
    assert.deepEqual(
      waiting.map(({ position }) => position),
      places,
    );
    assert.equal(new Set(arrivals.map(({ id }) => id)).size, CROWD);
    assert.equal((await listed(event, "confirmed")).length, SEATS);
    assert.deepEqual(
      (await listed(event, "waitlisted")).map(({ id }) => id),
      waiting.map(({ id }) => id),
    );

    const departures = await all(confirmed, ({ person }) => cancel(person, event));
    for (const answer of departures) expectStatus(answer, 204);
    const now = (await all(waiting, ({ person }) => ownRegistration(person, event))).map(
      (answer) => expectStatus(answer, 200).body.registration,
    );
    assert.deepEqual(
      now.map(({ id, status, position }) => [id, status, position]),
      waiting.map(({ id, position }) =>
        position <= SEATS ? [id, "confirmed", null] : [id, "waitlisted", position - SEATS],
      ),
    );
    for (const { person } of confirmed) {
      expectProblem(await ownRegistration(person, event), 404, "not_found");
    }
  });

  test("find 25 seats and 475 refusals where there is no waitlist", async () => {
    const event = await createEvent(organizer, { capacity: SEATS, waitlist: false });
    const answers = await all(crowd, (person) => register(person, event));
    const seated = answers.filter(({ status }) => status === 201);
    assert.equal(seated.length, SEATS);
    assert.ok(seated.every(({ body }) => body.registration.status === "confirmed"));
    for (const answer of answers) {
      if (answer.status !== 201) expectProblem(answer, 409, "event_full");
    }
    assert.equal((await listed(event, "confirmed")).length, SEATS);
  });

  test("who come and go at once leave every seat taken and nobody waiting in vain", async () => {
    const event = await createEvent(organizer, { capacity: SEATS });
    const some = crowd.slice(0, 150);
    await all(some, async (person, index) => {
      expectStatus(await register(person, event), 201);
      if (index % 2 === 0) expectStatus(await cancel(person, event), 204);
    });
    const stayed = some.filter((_, index) => index % 2 === 1).map(({ user }) => user.id);
    const [confirmed, waitlisted] = [await listed(event, "confirmed"), await listed(event, "waitlisted")];
    assert.equal(confirmed.length, SEATS);
    assert.deepEqual(
      waitlisted.map(({ position }) => position),
      waitlisted.map((_, index) => index + 1),
    );
    const standing = [...confirmed, ...waitlisted].map(({ user }) => user.id);
    assert.deepEqual(standing.sort(), stayed.sort());
  });
});

describe("One person", () => {
  const { server, mail } = useWorkerdWithMail();

  test("who registers a hundred times at once has one seat and one mail about it", async () => {
    const organizer = await signUpOrganizer(server.current);
    const person = await signUp(server.current);
    await mail.current.mailsTo(person.email);
    const event = await createEvent(organizer, { capacity: 2 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => register(person, event)));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    const registrations = answers.map(({ body, text }) => body.registration ?? assert.fail(text));
    for (const registration of registrations) assert.deepEqual(registration, registrations[0]);
    assert.equal((await registrationsOf(organizer, event, "confirmed")).length, 1);
    await mail.current.mailsTo(person.email, { count: 2 });
    await pause(1_500);
    assert.equal(mail.current.deliveredTo(person.email).length, 2, "address and seat, once each");
  });
});
