// The runtime is killed in the middle of a flood, again and again, and started on what it left
// behind: every acknowledged write is there, exactly once, and the rules of the seats still hold.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expectStatus } from "./support/expect.mjs";
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
import { useWorkerd } from "./support/server.mjs";

const ROUNDS = 6;
const PEOPLE = 40;
const CAPACITY = 10;
const CREATORS = 4;
const MOST_WRITES = 200;

describe("After a kill -9 in the middle of a flood", () => {
  const server = useWorkerd({ settings: { CACHE_LEASE_MS: "20" } });

  test("every acknowledged write is there exactly once", async (context) => {
    const organizer = await signUpOrganizer(server.current);
    const people = await signUpMany(server.current, PEOPLE);
    for (let round = 1; round <= ROUNDS; round++) {
      const writes = 1 + Math.floor(Math.random() * MOST_WRITES);
      await context.test(`round ${round}, killed after ${writes} writes`, async () => {
        const event = await createEvent(organizer, { capacity: CAPACITY });
        const flood = new Flood(server.current, writes);
        const created = [];
        await Promise.all([
          ...people.map((person) => flood.comeAndGo(person, event)),
          ...Array.from({ length: CREATORS }, () => flood.createEvents(organizer, created)),
        ]);
        await flood.killed;
        await server.current.start();
        await expectCreated(organizer, [event, ...created]);
        await expectOwnRegistrations(flood.participants, event);
        await expectSoundRoster(organizer, flood.participants, event);
      });
    }
  });
});

/** Writers who go on until the server is killed, which happens after so many answers. */
class Flood {
  #server;
  #left;
  #moment = 0;
  killed;
  participants = [];

  constructor(server, writes) {
    this.#server = server;
    this.#left = writes;
  }

  /** Registers and leaves in turn. What is known of the person at the end is kept. */
  async comeAndGo(person, event) {
    const known = { person, registration: null, unanswered: undefined };
    this.participants.push(known);
    while (!this.killed) {
      const leaving = known.registration !== null && this.participants.indexOf(known) % 3 === 0;
      known.unanswered = leaving ? "cancel" : "register";
      const sent = ++this.#moment;
      const answer = await this.#write(() => (leaving ? cancel : register)(person, event));
      if (!answer) return;
      known.unanswered = undefined;
      if (leaving) {
        expectStatus(answer, 204);
        known.registration = null;
      } else if (known.registration === null) {
        known.registration = expectStatus(answer, 201).body.registration;
        Object.assign(known, { sent, answered: ++this.#moment });
      } else {
        assert.equal(expectStatus(answer, 200).body.registration.id, known.registration.id);
      }
    }
  }

  async createEvents(organizer, created) {
    for (let n = 0; !this.killed; n++) {
      const fields = { date: "2030-06-01", time: "18:00", description: `Created ${n}` };
      const answer = await this.#write(() => organizer.post("/api/events", fields));
      if (answer) created.push(expectStatus(answer, 201).body.event);
    }
  }

  /** The answer, or nothing when the server was killed before it came. */
  async #write(send) {
    let answer;
    try {
      answer = await send();
    } catch (failure) {
      if (this.killed) return undefined;
      throw failure;
    }
    if (--this.#left === 0) this.killed = this.#server.kill9();
    return answer;
  }
}

async function expectCreated(organizer, created) {
  const listed = (await walk(organizer, "/api/events", "events")).map(({ id }) => id);
  assert.equal(new Set(listed).size, listed.length, "an event is listed twice");
  for (const event of created) {
    assert.ok(listed.includes(event.id), "a created event is in no list");
    const answer = await organizer.get(`/api/events/${event.id}`);
    assert.deepEqual({ ...expectStatus(answer, 200).body.event, seats: null }, { ...event, seats: null });
  }
  for (const id of listed) expectStatus(await organizer.get(`/api/events/${id}`), 200);
}

/** Each has what was last acknowledged, or what the call left unanswered would have made of it. */
async function expectOwnRegistrations(participants, event) {
  for (const { person, registration, unanswered } of participants) {
    const answer = await ownRegistration(person, event);
    if (answer.status === 404) {
      assert.ok(registration === null || unanswered === "cancel", "a registration is lost");
      continue;
    }
    const found = expectStatus(answer, 200).body.registration;
    if (registration === null) {
      assert.equal(unanswered, "register", "a cancelled registration is back");
    } else {
      assert.equal(found.id, registration.id);
      if (registration.status === "confirmed") assert.equal(found.status, "confirmed");
    }
  }
}

async function expectSoundRoster(organizer, participants, event) {
  const [confirmed, waiting] = await Promise.all(
    ["confirmed", "waitlisted"].map((status) => registrationsOf(organizer, event, status)),
  );
  assert.ok(confirmed.length <= CAPACITY, `${confirmed.length} of ${CAPACITY} seats are sold`);
  if (waiting.length > 0) assert.equal(confirmed.length, CAPACITY, "people wait beside a free seat");
  assert.deepEqual(
    waiting.map(({ position }) => position),
    waiting.map((_, index) => index + 1),
  );
  const ids = [...confirmed, ...waiting].map(({ user }) => user.id);
  assert.equal(new Set(ids).size, ids.length, "a person is registered twice");

  // A seat comes before every place on the waitlist.
  const place = new Map([...confirmed, ...waiting].map(({ id, position }) => [id, position ?? 0]));
  const standing = participants
    .map(({ registration, ...times }) => ({ ...times, place: place.get(registration?.id) }))
    .filter(({ place }) => place !== undefined);
  for (const early of standing) {
    for (const late of standing.filter(({ sent }) => sent > early.answered)) {
      assert.ok(early.place <= late.place, `place ${late.place} overtook place ${early.place}`);
    }
  }
}
