// Hashing passwords takes long. Other requests are answered meanwhile, and nobody can make them
// wait for hashes without end.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectProblem, expectRetryAfter, expectStatus } from "./support/expect.mjs";
import { PASSWORD, signUp } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

/** More work than waits at most (`HashQueue::ROUNDS_MAX`): that is 64 hashes of this cost. */
const CROWD = 96;
const COST = "11";

describe("While passwords are hashed", () => {
  const server = useWorkerd({ settings: { BCRYPT_COST: COST } });
  let person;
  const logIn = (options) =>
    new Client(server.current).request("POST", "/api/login", {
      json: { email: person.email, password: PASSWORD },
      // Whoever waits last waits for all the others.
      signal: AbortSignal.timeout(40_000),
      ...options,
    });

  before(async () => {
    person = await signUp(server.current);
  });

  test("other requests are answered", async () => {
    let hashing = 4;
    const logins = Array.from({ length: hashing }, async () => {
      expectStatus(await logIn(), 200);
      hashing -= 1;
    });
    let reads = 0;
    while (hashing > 0) {
      expectStatus(await person.get("/api/events"), 200);
      reads += 1;
    }
    await Promise.all(logins);
    assert.ok(reads > 20, `four logins left room for ${reads} reads`);
  });

  test("a crowd gets in or is told to come back, each by itself", async () => {
    const answers = await Promise.all(Array.from({ length: CROWD }, () => logIn()));
    const turnedAway = answers.filter(({ status }) => status !== 200);
    assert.ok(turnedAway.length > 0 && turnedAway.length < CROWD, `${turnedAway.length} of ${CROWD}`);
    for (const answer of turnedAway) {
      expectProblem(answer, 503, "overloaded");
      expectRetryAfter(answer);
    }
  });

  test("a crowd that hangs up leaves nothing behind", async () => {
    const hangUp = new AbortController();
    const crowd = Array.from({ length: CROWD }, () => logIn({ signal: hangUp.signal }));
    const left = Promise.allSettled(crowd);
    // One of them was answered, so they have arrived.
    await Promise.race(crowd);
    hangUp.abort();
    await left;
    await eventually(async () => expectStatus(await logIn(), 200));
  });
});
