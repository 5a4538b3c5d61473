// A server that was set up wrongly says so at once, and does nothing else.

import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, test } from "node:test";
import { JWT_SECRET } from "./support/build.mjs";
import { Client, REQUEST_TIMEOUT_MS } from "./support/client.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { PASSWORD, createEvent, signUpOrganizer } from "./support/people.mjs";
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
    "Amazon SES and no region": { MAIL_PROVIDER: "ses" },
    "Mailgun and no domain": { MAIL_PROVIDER: "mailgun" },
    "an ALLOW_LOG_MAIL that is neither": { ALLOW_LOG_MAIL: "perhaps" },
  };

  const sound = {
    JWT_SECRET,
    BCRYPT_COST: "4",
    CACHE_LEASE_MS: "100",
    MAIL_PROVIDER: "log",
    ALLOW_LOG_MAIL: "true",
  };

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

/** What a server answers to a request whose `Host` is this. */
function getAs(server, host, path) {
  return new Promise((resolve, reject) => {
    request(new URL(path, server.url), { headers: { host }, timeout: REQUEST_TIMEOUT_MS })
      .on("timeout", () => reject(new Error(`${path} was not answered`)))
      .on("error", reject)
      .on("response", async (response) => {
        const text = Buffer.concat(await response.toArray()).toString();
        resolve({ status: response.statusCode, headers: new Headers(response.headers), text, body: JSON.parse(text) });
      })
      .end();
  });
}

describe("A server that is set up for its own machine", () => {
  const settings = { ALLOW_LOG_MAIL: undefined, PUBLIC_URL: undefined, CACHE_LEASE_MS: "10000" };
  const server = useWorkerd({ settings });
  const elsewhere = [
    "events.example",
    "events.example:8787",
    "localhost.events.example",
    "127.0.0.1.events.example",
    "notlocalhost",
    "0.0.0.0",
    "192.168.0.2:8787",
  ];

  test("answers it, under each of its names", async () => {
    for (const host of ["localhost", "LOCALHOST:8787", "app.localhost", "127.0.0.1", "127.8.8.8:1", "[::1]:8787"]) {
      expectStatus(await getAs(server.current, host, "/api/health"), 200);
      expectStatus(await getAs(server.current, host, "/api/events"), 200);
    }
  });

  test("answers nobody else, not even what it could repeat from memory", async () => {
    await createEvent(await signUpOrganizer(server.current));
    for (let time = 0; time < 5; time++) {
      expectStatus(await getAs(server.current, "localhost", "/api/events"), 200);
    }
    for (const host of elsewhere) {
      for (const path of ["/api/health", "/api/events", "/api/events", "/nothing"]) {
        expectProblem(await getAs(server.current, host, path), 503, "misconfigured");
      }
    }
  });

  test("says once which settings are missing for the others", () => {
    const lines = server.current.output.split("\n").filter((line) => line.includes('"misconfigured"'));
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).detail.split(" ")[0]),
      ["MAIL_PROVIDER", "PUBLIC_URL"],
    );
  });

  test("answers everybody once they are set", async () => {
    await server.current.restart({ MAIL_PROVIDER: "resend", PUBLIC_URL: "https://events.example" });
    for (const host of elsewhere) expectStatus(await getAs(server.current, host, "/api/health"), 200);
  });
});
