// An answer that an isolate gives again from memory is the answer to this request: it has an id of its
// own, a line of its own in the log, and what it depends on is what this request says.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { createEvent, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const APP = "https://app.example";
const OTHER_APP = "https://other.example";

describe("An answer given again", () => {
  const settings = { CORS_ORIGINS: `${APP}, ${OTHER_APP}`, CACHE_LEASE_MS: "1000" };
  const server = useWorkerd({ settings, around: ["counting.js"] });
  let organizer, visitor, secret;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    visitor = new Client(server.current);
    await createEvent(organizer);
    secret = `/api/events/${(await createEvent(organizer, { join_url: "https://meet.example/1" })).id}`;
  });

  /** Has `ask` done so often that most answers must have come from memory: no object was asked. */
  const again = (ask, times = 10) =>
    eventually(async () => {
      const asked = () => server.current.asked("Catalog") + server.current.asked("Event");
      const askedBefore = asked();
      const answers = [];
      for (let time = 0; time < times; time++) answers.push(await ask());
      assert.equal(asked(), askedBefore, "objects were asked");
      return answers;
    });

  const linesOf = (answers) =>
    eventually(() => {
      const lines = server.current.output.split("\n").filter((line) => line.startsWith("{"));
      const about = new Map(lines.map((line) => JSON.parse(line)).map((line) => [line.request_id, line]));
      return answers.map(({ headers }) => {
        const id = headers.get("x-request-id");
        assert.ok(about.has(id), `a line about ${id}`);
        return about.get(id);
      });
    });

  test("differs in its id alone, and is logged under it", async () => {
    const answers = await again(() => visitor.get("/api/events"));
    const ids = answers.map(({ headers }) => headers.get("x-request-id"));
    assert.equal(new Set(ids).size, ids.length, "each has its own id");
    const rest = ({ status, headers, text }) => {
      const kept = [...headers].filter(([name]) => !["x-request-id", "date"].includes(name));
      return { status, text, kept };
    };
    for (const answer of answers) assert.deepEqual(rest(answer), rest(answers[0]));
    for (const { event, level, method, route, status, user_id } of await linesOf(answers)) {
      const expected = ["request", "info", "GET", "/api/events", 200, null];
      assert.deepEqual([event, level, method, route, status, user_id], expected);
    }
  });

  test("is for this origin, this entity-tag and this method", async () => {
    const etag = (await visitor.get("/api/events")).headers.get("etag");
    const allowed = ({ headers }) => headers.get("access-control-allow-origin");
    const heads = await again(async () => {
      const plain = expectStatus(await visitor.get("/api/events"), 200);
      assert.equal(allowed(plain), null);
      for (const [origin, expected] of [[APP, APP], [OTHER_APP, OTHER_APP], ["https://evil.example", null]]) {
        const answer = expectStatus(await visitor.get("/api/events", { origin }), 200);
        assert.equal(allowed(answer), expected);
        assert.equal(answer.text, plain.text);
      }
      const unchanged = expectStatus(await visitor.get("/api/events", { "if-none-match": etag }), 304);
      assert.deepEqual([unchanged.text, unchanged.headers.get("content-type")], ["", null]);
      expectStatus(await visitor.get("/api/events", { "if-none-match": '"another"' }), 200);
      const head = expectStatus(await visitor.request("HEAD", "/api/events"), 200);
      assert.equal(Number(head.headers.get("content-length")), Buffer.byteLength(plain.text));
      const page = expectStatus(await visitor.get("/api/events?limit=1"), 200);
      assert.equal(page.body.events.length, 1);
      assert.equal(plain.body.events.length, 2);
      return head;
    }, 4);
    for (const { method } of await linesOf(heads)) assert.equal(method, "HEAD");
  });

  test("is never what somebody else may see", async () => {
    for (let time = 0; time < 20; time++) {
      const own = expectStatus(await organizer.get(secret), 200).body.event;
      const theirs = expectStatus(await visitor.get(secret), 200).body.event;
      assert.deepEqual([own.join_url, theirs.join_url], ["https://meet.example/1", null]);
    }
  });
});

describe("An answer given again to everybody's pages", () => {
  const server = useWorkerd({ settings: { CORS_ORIGINS: "*", CACHE_LEASE_MS: "1000" } });

  test("tells a page of no origin from what is no page", async () => {
    const visitor = new Client(server.current);
    for (let time = 0; time < 20; time++) {
      for (const [headers, expected] of [[{}, null], [{ origin: "null" }, "*"]]) {
        const answer = expectStatus(await visitor.get("/api/events", headers), 200);
        assert.equal(answer.headers.get("access-control-allow-origin"), expected);
      }
    }
  });
});
