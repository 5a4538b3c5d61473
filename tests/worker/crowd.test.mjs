// What a crowd wants of one event at the same time travels together; each is answered alone.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { pause } from "./support/eventually.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { cancel, createEvent, ownRegistration, register, signUpMany, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

describe("A crowd at one event", () => {
  const server = useWorkerd({ around: ["counting.js"] });
  let organizer, crowd;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    crowd = await signUpMany(server.current, 200);
  });

  test("takes fewer calls than it has people", async () => {
    const event = await createEvent(organizer);
    const [asked, calls] = [server.current.asked("Event"), server.current.calledForMany("Event")];
    for (const answer of await Promise.all(crowd.map((person) => register(person, event)))) {
      expectStatus(answer, 201);
    }
    assert.equal(server.current.asked("Event") - asked, crowd.length);
    const took = server.current.calledForMany("Event") - calls;
    assert.ok(took >= 1 && took <= crowd.length / 2, `${took} calls for ${crowd.length} people`);
  });

  test("is answered one by one: a refusal is nobody else's", async () => {
    const event = await createEvent(organizer);
    const seated = crowd.slice(0, 40);
    for (const person of seated) expectStatus(await register(person, event), 201);
    const answers = await Promise.all(
      crowd.slice(0, 120).map((person, index) => [cancel, register, cancel][Math.floor(index / 40)](person, event)),
    );
    answers.slice(0, 40).forEach((answer) => expectStatus(answer, 204));
    answers.slice(40, 80).forEach((answer) => expectStatus(answer, 201));
    answers.slice(80).forEach((answer) => expectProblem(answer, 404, "not_found"));
  });

  test("meets its own events: those of two do not mix", async () => {
    const events = [await createEvent(organizer), await createEvent(organizer)];
    const answers = await Promise.all(crowd.map((person, index) => register(person, events[index % 2])));
    answers.forEach((answer, index) =>
      assert.equal(expectStatus(answer, 201).body.registration.event_id, events[index % 2].id),
    );
  });

  test("loses nobody when those who came first hang up", async () => {
    for (let round = 0; round < 15; round++) {
      const event = await createEvent(organizer);
      const gone = new AbortController();
      const first = crowd.slice(0, 3).map((person) =>
        person.request("POST", `/api/events/${event.id}/register`, { signal: gone.signal }).catch(() => {}),
      );
      await pause(1);
      const others = crowd.slice(3, 60).map((person) => register(person, event));
      await pause(round % 5);
      gone.abort();
      for (const answer of await Promise.all(others)) expectStatus(answer, 201);
      await Promise.all(first);
    }
  });

  test("finds each of them seated once afterwards", async () => {
    const event = await createEvent(organizer, { capacity: 50, waitlist: false });
    const answers = await Promise.all([...crowd, ...crowd].map((person) => register(person, event)));
    assert.equal(answers.filter(({ status }) => status === 201).length, 50);
    const seats = await Promise.all(crowd.map((person) => ownRegistration(person, event)));
    assert.equal(seats.filter(({ status }) => status === 200).length, 50);
  });
});
