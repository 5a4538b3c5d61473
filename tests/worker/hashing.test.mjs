// Hashing passwords takes long. Other requests are answered meanwhile, and nobody can make them
// wait for hashes without end.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually, pause } from "./support/eventually.mjs";
import { expectProblem, expectRetryAfter, expectStatus } from "./support/expect.mjs";
import { PASSWORD, signUp } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

/** More work than waits of one client at most (`HashQueue::CLIENT_ROUNDS_MAX`): that is 32 hashes of this cost. */
const CROWD = 96;
const COST = "11";
/** Logins that a client who floods has on their way at any time. */
const FLOOD = 64;

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

  test("a client that floods keeps nobody else from logging in", async () => {
    const from = (address) => ({ headers: { "cf-connecting-ip": address } });
    const end = new AbortController();
    const seen = new Set();
    const flood = Array.from({ length: FLOOD }, async () => {
      while (!end.signal.aborted) {
        const { status, headers } = await logIn({ ...from("192.0.2.1"), signal: end.signal });
        seen.add(status);
        if (status === 503) await pause(1_000 * headers.get("retry-after"));
      }
    });
    const ended = Promise.allSettled(flood);
    await eventually(() => assert.ok(seen.has(503), "the flood fills its part of the queue"));
    for (const address of ["198.51.100.1", "2001:db8::1", "2001:db8:0:1::1"]) {
      expectStatus(await logIn(from(address)), 200);
    }
    assert.deepEqual([...seen].sort(), [200, 503], "the flood goes on, and is told");
    end.abort();
    await ended;
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
