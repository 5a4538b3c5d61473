// A server that was set up wrongly says so at once, and does nothing else.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JWT_SECRET } from "./support/build.mjs";
import { Client } from "./support/client.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { PASSWORD } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

describe("The configuration", () => {
  const server = useWorkerd({ settings: { JWT_SECRET: undefined } });

  const MISTAKES = {
    "no JWT_SECRET": { JWT_SECRET: undefined },
    "an empty JWT_SECRET": { JWT_SECRET: "" },
    "a JWT_SECRET of 31 bytes": { JWT_SECRET: "x".repeat(31) },
    "a BCRYPT_COST below 4": { BCRYPT_COST: "3" },
    "a BCRYPT_COST above 14": { BCRYPT_COST: "15" },
    "a BCRYPT_COST that is no number": { BCRYPT_COST: "ten" },
    "a CACHE_LEASE_MS above 10000": { CACHE_LEASE_MS: "10001" },
    "an unknown MAIL_PROVIDER": { MAIL_PROVIDER: "pigeon" },
  };

  const sound = { JWT_SECRET, BCRYPT_COST: "4", CACHE_LEASE_MS: "100", MAIL_PROVIDER: "log" };

  for (const [mistake, settings] of Object.entries(MISTAKES)) {
    test(`with ${mistake} answers every call with 503 misconfigured`, async () => {
      await server.current.restart({ ...sound, ...settings });
      const visitor = new Client(server.current, { token: "any" });
      const account = { email: "early@example.com", password: PASSWORD };
      for (const answer of [
        await visitor.get("/api/health"),
        await visitor.post("/api/register", account),
        await visitor.post("/api/login", account),
        await visitor.get("/api/events"),
        await visitor.post("/api/events", {}),
        await visitor.get("/api/me"),
      ]) {
        const problem = expectProblem(answer, 503, "misconfigured");
        assert.ok(!JSON.stringify(problem).includes("x".repeat(31)), "the secret is not told");
      }
    });
  }

  test("with a JWT_SECRET of 32 bytes is sound, and nothing had been done before", async () => {
    await server.current.restart({ ...sound, JWT_SECRET: "x".repeat(32) });
    const visitor = new Client(server.current);
    expectStatus(await visitor.get("/api/health"), 200);
    const account = { email: "early@example.com", password: PASSWORD };
    expectStatus(await visitor.post("/api/register", account), 201);
  });
});
