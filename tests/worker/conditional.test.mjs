// Entity-tags on reads and writes (RFC 9110 §13), and creations that may be repeated.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { EVENT, createEvent, register, signUp, signUpOrganizer, walk } from "./support/people.mjs";
import { useEdge, useWorkerd } from "./support/server.mjs";

describe("A read with If-None-Match", () => {
  const server = useWorkerd();
  let organizer, event, paths;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    event = await createEvent(organizer);
    await register(organizer, event);
    paths = [
      "/api/health",
      "/api/me",
      "/api/events",
      `/api/events/${event.id}`,
      `/api/events/${event.id}/register`,
    ];
  });

  test("finds a strong ETag on every answer of JSON", async () => {
    for (const path of paths) {
      const { headers } = expectStatus(await organizer.get(path), 200);
      assert.match(headers.get("etag") ?? "none", /^"[\x21\x23-\x7e]+"$/, path);
    }
  });

  test("is 304 without a body when the tag still holds, in all of the header's forms", async () => {
    for (const path of paths) {
      const etag = (await organizer.get(path)).headers.get("etag");
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, `"a,b",W/"x" ,W/${etag}`, "*"]) {
        const answer = expectStatus(await organizer.get(path, { "if-none-match": tags }), 304);
        assert.equal(answer.text, "");
        assert.equal(answer.headers.get("etag"), etag, `${path} with ${tags}`);
        assert.ok(answer.headers.get("x-request-id"));
      }
    }
  });

  test("is 200 when no tag fits", async () => {
    for (const path of paths) {
      const etag = (await organizer.get(path)).headers.get("etag");
      for (const tags of ['"other"', etag.slice(1, -1), `${etag.slice(0, -1)}x"`]) {
        expectStatus(await organizer.get(path, { "if-none-match": tags }), 200);
      }
    }
  });

  test("is 200 with a new tag after a change", async () => {
    for (const path of [`/api/events/${event.id}`, "/api/events"]) {
      const etag = (await organizer.get(path)).headers.get("etag");
      const title = `Changed for ${path}`;
      expectStatus(await organizer.put(`/api/events/${event.id}`, { title }), 200);
      const answer = expectStatus(await organizer.get(path, { "if-none-match": etag }), 200);
      assert.notEqual(answer.headers.get("etag"), etag);
      assert.ok(answer.text.includes(title));
    }
  });

  test("may keep event reads, for itself, and asks again each time", async () => {
    for (const path of ["/api/events", `/api/events/${event.id}`]) {
      const { headers } = await organizer.get(path);
      const directives = headers
        .get("cache-control")
        .split(/\s*,\s*/)
        .sort();
      assert.deepEqual(directives, ["no-cache", "private"]);
    }
  });

  test("does not tell the organizer's copy and others' by one tag", async () => {
    const secret = await createEvent(organizer, { join_url: "https://meet.example/1" });
    const stranger = await signUp(server.current);
    const tags = [organizer, stranger].map(async (who) =>
      (await who.get(`/api/events/${secret.id}`)).headers.get("etag"),
    );
    const [own, foreign] = await Promise.all(tags);
    assert.notEqual(own, foreign, "two representations have two strong tags");
  });
});

describe("A write with If-Match", () => {
  const server = useWorkerd();
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
  });

  async function tagged(fields) {
    const { headers, body } = await organizer.post("/api/events", { ...EVENT, ...fields });
    return { event: body.event, etag: headers.get("etag"), path: `/api/events/${body.event.id}` };
  }

  test("is done when the version fits, whatever stands behind the dot", async () => {
    for (const form of [
      ({ etag }) => etag,
      ({ event }) => `"${event.version}.anything"`,
      ({ etag }) => `"999999.0", ${etag}`,
      () => "*",
    ]) {
      const target = await tagged();
      const headers = { "if-match": form(target) };
      const answer = expectStatus(await organizer.put(target.path, { title: "New" }, headers), 200);
      assert.equal(answer.body.event.title, "New");
    }
  });

  test("is 412 for a version that is spelled in another way", async () => {
    const { path } = await tagged();
    for (const title of ["Two", "Three", "Four"]) expectStatus(await organizer.put(path, { title }), 200);
    for (const tag of ['"+4.a"', '"04.a"', '"4e0.a"', 'w/"4.a"']) {
      const answer = await organizer.put(path, { title: "Five" }, { "if-match": tag });
      expectProblem(answer, 412, "precondition_failed");
    }
    expectStatus(await organizer.put(path, { title: "Five" }, { "if-match": '"4.a"' }), 200);
  });

  test("is not in the way of people who register", async () => {
    const { event, etag, path } = await tagged();
    expectStatus(await register(await signUp(server.current), event), 201);
    expectStatus(await organizer.put(path, { title: "New" }, { "if-match": etag }), 200);
  });

  test("has not happened when it is 412", async () => {
    const { event, etag, path } = await tagged();
    const changed = expectStatus(await organizer.put(path, { title: "First" }), 200);
    const headers = { "if-match": etag };
    for (const stale of [
      await organizer.put(path, { title: "Second" }, headers),
      await organizer.request("PATCH", path, { json: { title: "Second" }, headers }),
      await organizer.delete(path, headers),
      await organizer.put(path, { title: "Second" }, { "if-match": `"${event.version + 5}.0", "x"` }),
    ]) {
      expectProblem(stale, 412, "precondition_failed");
    }
    assert.deepEqual((await organizer.get(path)).body, changed.body);
  });

  test("deletes when the version fits", async () => {
    const { etag, path } = await tagged();
    expectStatus(await organizer.delete(path, { "if-match": etag }), 204);
    expectProblem(await organizer.get(path), 404, "not_found");
  });

  test("is won by exactly one of a hundred racing edits with one tag", async () => {
    const { etag, path } = await tagged();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => organizer.put(path, { title: `Edit ${n}` }, { "if-match": etag })),
    );
    const winners = answers.filter(({ status }) => status === 200);
    assert.equal(winners.length, 1);
    for (const answer of answers) {
      if (answer !== winners[0]) expectProblem(answer, 412, "precondition_failed");
    }
    assert.equal((await organizer.get(path)).body.event.title, winners[0].body.event.title);
  });
});

describe("Behind an edge that compresses, and weakens the tags of what it compresses", () => {
  const server = useWorkerd();
  const edge = useEdge(server);
  let organizer, path;

  before(async () => {
    organizer = (await signUpOrganizer(server.current)).at(edge.current);
    path = `/api/events/${(await createEvent(organizer)).id}`;
  });

  const read = async () => (await organizer.get(path)).headers.get("etag");

  test("an edit with the tag that was read is done, and one with the tag before it is 412", async () => {
    const first = await read();
    assert.match(first, /^W\/"/);
    expectStatus(await organizer.put(path, { title: "First" }, { "if-match": first }), 200);
    const stale = await organizer.put(path, { title: "Second" }, { "if-match": first });
    expectProblem(stale, 412, "precondition_failed");
    expectStatus(await organizer.delete(path, { "if-match": await read() }), 204);
  });

  test("a read with the tag is 304", async () => {
    const event = await createEvent(organizer);
    for (const target of [`/api/events/${event.id}`, "/api/events"]) {
      const etag = (await organizer.get(target)).headers.get("etag");
      expectStatus(await organizer.get(target, { "if-none-match": etag }), 304);
    }
  });
});

describe("A creation with Idempotency-Key", () => {
  const server = useWorkerd();
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
  });

  const create = (key, fields, who = organizer) =>
    who.post("/api/events", { ...EVENT, ...fields }, { "idempotency-key": key });
  const eventCount = async () => (await walk(organizer, "/api/events", "events")).length;

  test("makes one event, however often it is repeated, and answers as at first", async () => {
    const first = expectStatus(await create("key-1"), 201);
    const before = await eventCount();
    await server.current.restart();
    const again = expectStatus(await create("key-1"), 201);
    assert.deepEqual(again.body, first.body);
    for (const name of ["location", "etag"]) {
      assert.equal(again.headers.get(name), first.headers.get(name));
    }
    assert.equal(await eventCount(), before);
  });

  test("makes one event of twenty at the same moment", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => create("key-2")));
    const ids = answers.map((answer) => expectStatus(answer, 201).body.event.id);
    assert.equal(new Set(ids).size, 1);
  });

  test("is 422 idempotency_key_reused for another body, and makes nothing", async () => {
    expectStatus(await create("key-3", { title: "One" }), 201);
    const before = await eventCount();
    const answer = await create("key-3", { title: "Two" });
    expectProblem(answer, 422, "idempotency_key_reused");
    assert.equal(await eventCount(), before);
  });

  test("means nothing to another organizer or under another key", async () => {
    const rival = await signUpOrganizer(server.current);
    const answers = [await create("key-4"), await create("key-4", {}, rival), await create("key-5")];
    const ids = answers.map((answer) => expectStatus(answer, 201).body.event.id);
    assert.equal(new Set(ids).size, 3);
  });
});
