// Who gets in, and what those who guess can learn: nothing, ever more slowly.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { pause } from "./support/eventually.mjs";
import { expectNoStore, expectProblem, expectRetryAfter, expectStatus } from "./support/expect.mjs";
import { freshEmail, logIn, signUp } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const FREE_FAILURES = 10;

describe("A login", () => {
  const server = useWorkerd();
  let visitor;
  const guess = (email, password = "not the password") => visitor.post("/api/login", { email, password });

  before(() => {
    visitor = new Client(server.current);
  });

  test("is the same answer for an unknown address and a wrong password", async () => {
    const { email } = await signUp(server.current);
    const [wrong, unknown] = [await guess(email), await guess(freshEmail("unknown"))];
    for (const answer of [wrong, unknown]) {
      expectProblem(answer, 401, "invalid_credentials");
      expectNoStore(answer);
    }
    const [of, other] = [wrong, unknown].map(({ body: { request_id, ...rest } }) => rest);
    assert.deepEqual(of, other);
    const names = ({ headers }) => [...headers.keys()].sort();
    assert.deepEqual(names(wrong), names(unknown));
  });

  test("tells unknown from wrong by no password, however odd", async () => {
    const { email } = await signUp(server.current);
    for (const password of ["x", "x".repeat(73), "a \0 b", " "]) {
      expectProblem(await guess(email, password), 401, "invalid_credentials");
      expectProblem(await guess(freshEmail("unknown"), password), 401, "invalid_credentials");
    }
  });

  test("works with any spelling of the address", async () => {
    const { email, user } = await signUp(server.current);
    const again = await logIn(server.current, { email: ` ${email.toUpperCase()} ` });
    assert.deepEqual(again.user, user);
  });

  test("pauses after ten failures, for the right password too, and then lets its owner in", async () => {
    const owner = await signUp(server.current);
    for (let failure = 1; failure <= FREE_FAILURES; failure++) {
      expectProblem(await guess(owner.email), 401, "invalid_credentials");
    }
    expectProblem(await guess(owner.email), 429, "rate_limited");
    await server.current.restart();
    const paused = await guess(owner.email, owner.password);
    expectProblem(paused, 429, "rate_limited");
    await pause(expectRetryAfter(paused) * 1000);
    await logIn(server.current, owner);
  });

  test("pauses for an unknown address as for a known one", async () => {
    const email = freshEmail("unknown");
    for (let failure = 1; failure <= FREE_FAILURES; failure++) {
      expectProblem(await guess(email), 401, "invalid_credentials");
    }
    const answer = await guess(email);
    expectProblem(answer, 429, "rate_limited");
    expectRetryAfter(answer);
  });

  test("counts failures in a row only", async () => {
    const owner = await signUp(server.current);
    for (let round = 0; round < 2; round++) {
      for (let failure = 1; failure < FREE_FAILURES; failure++) {
        expectProblem(await guess(owner.email), 401, "invalid_credentials");
      }
      await logIn(server.current, owner);
    }
  });

  test("of one address is no matter of another's failures", async () => {
    const [victim, bystander] = [await signUp(server.current), await signUp(server.current)];
    await Promise.all(Array.from({ length: 15 }, () => guess(victim.email)));
    expectStatus(await guess(bystander.email, bystander.password), 200);
  });
});

describe("The time of a login", () => {
  const SAMPLES = 8;
  const server = useWorkerd({ settings: { BCRYPT_COST: "10" } });

  test("is the same for an unknown address and a wrong password", async () => {
    const visitor = new Client(server.current);
    const { email } = await signUp(server.current);
    const milliseconds = async (address) => {
      const begun = performance.now();
      const answer = await visitor.post("/api/login", { email: address, password: "not this one" });
      expectProblem(answer, 401, "invalid_credentials");
      return performance.now() - begun;
    };
    const known = [],
      unknown = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      known.push(await milliseconds(email));
      unknown.push(await milliseconds(freshEmail("unknown")));
    }
    const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];
    const ratio = median(unknown) / median(known);
    assert.ok(ratio > 0.7 && ratio < 1.4, `unknown / known = ${ratio} of [${unknown}] / [${known}]`);
  });
});
