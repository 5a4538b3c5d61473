// Concurrent clients on one small event: there is an order of their calls in which a plain roster
// would have given the very same answers.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  cancel,
  createEvent,
  ownRegistration,
  register,
  signUpMany,
  signUpOrganizer,
} from "./support/people.mjs";
import { History, linearize } from "./support/linearizability.mjs";
import { rosterModel } from "./support/roster-model.mjs";
import { useWorkerd } from "./support/server.mjs";

const HISTORIES = 8;
const PEOPLE = 5;
const CONNECTIONS_EACH = 2;
const CALLS_EACH = 20;
const RESIZES = 6;
const CAPACITY = 2;

describe("The answers about seats", () => {
  const server = useWorkerd({ isolates: 2, settings: { CACHE_LEASE_MS: "20" } });

  test("are those of a roster that serves one call after the other", async (context) => {
    const organizer = await signUpOrganizer(server.current);
    const people = await signUpMany(server.current, PEOPLE);
    for (let run = 1; run <= HISTORIES; run++) {
      const event = await createEvent(organizer, { capacity: CAPACITY });
      const history = new History();
      await Promise.all([
        ...people.flatMap((person, index) =>
          server.current.isolates
            .slice(0, CONNECTIONS_EACH)
            .map((isolate) => hesitate(history, person.at(isolate), `person ${index + 1}`, event)),
        ),
        resize(history, organizer, event),
      ]);
      await context.test(`history ${run}, of ${history.calls.length} calls`, () => {
        const order = linearize(history.calls, rosterModel(CAPACITY));
        assert.ok(order, `no order explains\n${written(history)}`);
      });
    }
  });
});

const pick = (choices) => choices[Math.floor(Math.random() * choices.length)];

/** Registers, leaves and looks, at random. */
async function hesitate(history, person, name, event) {
  const calls = { register, cancel, read: ownRegistration };
  for (let n = 0; n < CALLS_EACH; n++) {
    const call = pick(["register", "register", "cancel", "read"]);
    await history.record({ call, person: name }, () => outputOf(calls[call](person, event)));
  }
}

async function resize(history, organizer, event) {
  for (let n = 0; n < RESIZES; n++) {
    const capacity = pick([1, 2, 3, 4]);
    await history.record({ call: "resize", capacity }, () =>
      outputOf(organizer.put(`/api/events/${event.id}`, { capacity })),
    );
  }
}

/** What the model has an opinion on. */
async function outputOf(answer) {
  const { status, body } = await answer;
  const { id, status: standing, position } = body?.registration ?? {};
  return id === undefined ? { status } : { status, registration: { id, status: standing, position } };
}

const written = ({ calls }) =>
  calls
    .toSorted((a, b) => a.invokedAt - b.invokedAt)
    .map(
      ({ invokedAt, returnedAt, operation, output }) =>
        `${invokedAt}–${returnedAt} ${JSON.stringify(operation)} → ${JSON.stringify(output)}`,
    )
    .join("\n");
