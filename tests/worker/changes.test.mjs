// How much one session may change: the account's object counts, whichever isolate asks it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expectProblem, expectRetryAfter, expectStatus } from "./support/expect.mjs";
import { EVENT, createEvent, logIn, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const BURST = 5;

describe("A session that changes more than it may", () => {
  const server = useWorkerd({
    isolates: 2,
    settings: { CHANGES_BURST: String(BURST), CHANGES_PER_SECOND: "1", CACHE_LEASE_MS: "0" },
  });

  test("is held back in every isolate, and nobody else is", async () => {
    const [here, there] = server.current.isolates;
    const organizer = await signUpOrganizer(here);
    const sessions = [organizer, organizer.at(there)];
    let made = 0;
    let refused;
    while (refused === undefined) {
      const answer = await sessions[made % 2].post("/api/events", EVENT);
      if (answer.status === 201) made += 1;
      else refused = answer;
    }
    assert.ok(made >= BURST, `${made} events`);
    expectProblem(refused, 429, "rate_limited");
    expectRetryAfter(refused);

    const path = "/api/me/events";
    for (let read = 0; read < 2 * BURST; read++) expectStatus(await sessions[read % 2].get(path), 200);
    const person = await signUp(there);
    const event = await createEvent(await logIn(here, organizer));
    expectStatus(await register(person, event), 201);
  });
});

describe("A script", () => {
  const server = useWorkerd({ settings: { CACHE_LEASE_MS: "0" } });

  test("creates 300 events in a row", async () => {
    const organizer = await signUpOrganizer(server.current);
    for (let n = 0; n < 300; n++) await createEvent(organizer, { title: `Event ${n}` });
  });
});
