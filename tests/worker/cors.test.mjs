// Browsers of other origins, HEAD, and the headers that a cache between lives by.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { expectCommonHeaders, expectProblem, expectStatus, listOf } from "./support/expect.mjs";
import { createEvent, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const LISTED = "https://app.example";
const ALSO_LISTED = "http://localhost:5173";
const STRANGER = "https://app.example.evil.test";

const preflight = (client, path, origin, method = "POST") =>
  client.request("OPTIONS", path, {
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": "authorization,content-type,if-match",
    },
  });

function expectExposed({ headers }) {
  const exposed = listOf(headers.get("access-control-expose-headers"));
  for (const name of ["etag", "location", "link", "retry-after", "x-request-id"]) {
    assert.ok(exposed.includes(name), `${name} is exposed: ${exposed}`);
  }
  assert.equal(headers.get("access-control-allow-credentials"), null);
}

describe("CORS with a list of origins", () => {
  const server = useWorkerd({ settings: { CORS_ORIGINS: `${LISTED}, ${ALSO_LISTED}` } });
  const visitor = () => new Client(server.current);

  for (const origin of [LISTED, ALSO_LISTED]) {
    test(`allows ${origin} in a preflight`, async () => {
      const answer = expectStatus(await preflight(visitor(), "/api/events", origin), 204);
      const { headers } = answer;
      assert.equal(answer.text, "");
      assert.equal(headers.get("access-control-allow-origin"), origin);
      assert.ok(listOf(headers.get("access-control-allow-methods")).includes("post"));
      const allowed = listOf(headers.get("access-control-allow-headers"));
      for (const name of ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key"]) {
        assert.ok(allowed.includes(name), `${name} is allowed: ${allowed}`);
      }
      assert.equal(headers.get("access-control-allow-credentials"), null);
      assert.ok(listOf(headers.get("vary")).includes("origin"));
      expectCommonHeaders(answer);
    });
  }

  test("exposes the headers of answers, errors included", async () => {
    for (const path of ["/api/events", "/api/me", "/nowhere"]) {
      const answer = await visitor().get(path, { origin: LISTED });
      assert.equal(answer.headers.get("access-control-allow-origin"), LISTED);
      assert.ok(listOf(answer.headers.get("vary")).includes("origin"));
      expectExposed(answer);
    }
  });

  test("allows no other origin", async () => {
    for (const origin of [STRANGER, "null", "http://app.example"]) {
      for (const answer of [
        await preflight(visitor(), "/api/events", origin),
        await visitor().get("/api/events", { origin }),
      ]) {
        assert.equal(answer.headers.get("access-control-allow-origin"), null);
        assert.ok(listOf(answer.headers.get("vary")).includes("origin"));
      }
    }
  });
});

describe("CORS with *", () => {
  const server = useWorkerd({ settings: { CORS_ORIGINS: "*" } });

  test("allows any origin, never with credentials", async () => {
    const visitor = new Client(server.current);
    for (const answer of [
      expectStatus(await preflight(visitor, "/api/login", STRANGER), 204),
      await visitor.get("/api/events", { origin: STRANGER }),
    ]) {
      assert.ok(["*", STRANGER].includes(answer.headers.get("access-control-allow-origin")));
      assert.equal(answer.headers.get("access-control-allow-credentials"), null);
      assert.ok(listOf(answer.headers.get("vary")).includes("origin"));
    }
  });

  test("is told about changes and deletions too", async () => {
    const visitor = new Client(server.current);
    const path = "/api/events/01890000-0000-7000-8000-000000000000";
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      const { headers } = expectStatus(await preflight(visitor, path, LISTED, method), 204);
      assert.ok(listOf(headers.get("access-control-allow-methods")).includes(method.toLowerCase()));
    }
  });
});

describe("HEAD", () => {
  const server = useWorkerd();
  let organizer, event;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    event = await createEvent(organizer);
  });

  test("answers as GET without the body", async () => {
    for (const path of ["/api/health", "/api/events", `/api/events/${event.id}`, "/api/me"]) {
      const get = expectStatus(await organizer.get(path), 200);
      const head = expectStatus(await organizer.request("HEAD", path), 200);
      assert.equal(head.text, "");
      for (const name of ["content-type", "etag", "cache-control", "vary"]) {
        assert.equal(head.headers.get(name), get.headers.get(name), `${name} of ${path}`);
      }
      expectCommonHeaders(head);
    }
  });

  test("fails as GET without the body", async () => {
    const visitor = new Client(server.current);
    for (const [path, status] of [
      ["/nowhere", 404],
      ["/api/me", 401],
      ["/api/login", 405],
    ]) {
      const head = expectStatus(await visitor.request("HEAD", path), status);
      assert.equal(head.text, "");
      expectCommonHeaders(head);
    }
    expectProblem(await visitor.get("/nowhere"), 404, "not_found");
  });
});

for (const origins of ["", " "]) {
  describe(`CORS with CORS_ORIGINS="${origins}"`, () => {
    const server = useWorkerd({ settings: { CORS_ORIGINS: origins } });

    test("allows no origin, and answers all the same", async () => {
      const visitor = new Client(server.current);
      for (const answer of [
        expectStatus(await preflight(visitor, "/api/events", LISTED), 204),
        expectStatus(await visitor.get("/api/events", { origin: LISTED }), 200),
      ]) {
        assert.equal(answer.headers.get("access-control-allow-origin"), null);
      }
    });
  });
}
