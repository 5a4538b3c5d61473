// The list of events: what it finds, in which order, and page by page while others write.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { expectInvalid, expectStatus } from "./support/expect.mjs";
import { createEvent, signUpOrganizer, walk } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const PROGRAMME = [
  { title: "Rust for beginners", date: "2030-01-01", tags: ["rust", "wasm"] },
  { title: "Async Rust", date: "2030-01-02", description: "Futures in depth", tags: ["rust"] },
  { title: "Gardening", date: "2030-01-03", description: "Rust on roses", tags: ["outdoors"] },
  { title: "Crème brûlée", date: "2030-01-04", tags: ["cooking"] },
  { title: "A concert", date: "2030-01-05", time: "23:30" },
];

describe("The list of events", () => {
  const server = useWorkerd();
  let organizer, other, cancelled;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    other = await signUpOrganizer(server.current);
    for (const [index, event] of PROGRAMME.entries()) {
      await createEvent(index === 4 ? other : organizer, event);
    }
    cancelled = await createEvent(organizer, { title: "Cancelled rust", date: "2030-01-06" });
    expectStatus(await organizer.put(`/api/events/${cancelled.id}`, { status: "cancelled" }), 200);
    await createEvent(organizer, { title: "A draft of rust", status: "draft" });
    await createEvent(organizer, { title: "Unlisted rust", visibility: "unlisted" });
  });

  const query = (parameters) => organizer.get(`/api/events?${new URLSearchParams(parameters)}`);

  /** The titles found, in the programme's order. */
  async function found(parameters) {
    const answer = expectStatus(await query({ sort: "starts_at", ...parameters }), 200);
    return answer.body.events.map(({ title }) => title);
  }

  const titles = PROGRAMME.map(({ title }) => title);
  const [beginners, asyncRust, gardening, creme, concert] = titles;

  test("holds published public events only, each as it is read alone", async () => {
    const { events, next_cursor } = (await query({ sort: "starts_at" })).body;
    assert.deepEqual(
      events.map(({ title }) => title),
      titles,
    );
    assert.equal(next_cursor, null);
    for (const listed of events) {
      const { event } = (await organizer.get(`/api/events/${listed.id}`)).body;
      assert.deepEqual({ ...listed, seats: null }, { ...event, seats: null });
    }
  });

  test("finds events that have all of the words, in title, description or tags, in any case", async () => {
    assert.deepEqual(await found({ q: "rust" }), [beginners, asyncRust, gardening]);
    assert.deepEqual(await found({ q: "RUST futures" }), [asyncRust]);
    assert.deepEqual(await found({ q: "  wasm  beginners " }), [beginners]);
    assert.deepEqual(await found({ q: "crème" }), [creme]);
    assert.deepEqual(await found({ q: "outdoors" }), [gardening]);
    assert.deepEqual(await found({ q: "rust cooking" }), []);
  });

  test("takes any text as words, never as a query language", async () => {
    for (const q of [
      '"',
      "'",
      "*",
      "(",
      "rust AND",
      "NOT rust",
      "-rust",
      "title:rust",
      'NEAR("a" "b")',
      "%",
      "\\",
      "\u0000",
      "🦀",
      "x".repeat(500),
    ]) {
      expectStatus(await query({ q }), 200);
    }
  });

  test("filters by tag and organizer", async () => {
    assert.deepEqual(await found({ tag: "rust" }), [beginners, asyncRust]);
    assert.deepEqual(await found({ tag: "rus" }), []);
    assert.deepEqual(await found({ organizer: other.user.id }), [concert]);
    assert.deepEqual(await found({ tag: "rust", q: "depth" }), [asyncRust]);
  });

  test("filters by time, from inclusive, to exclusive", async () => {
    const at = (title) => `2030-01-0${titles.indexOf(title) + 1}T18:00:00Z`;
    assert.deepEqual(await found({ from: at(creme) }), [creme, concert]);
    assert.deepEqual(await found({ to: at(asyncRust) }), [beginners]);
    assert.deepEqual(await found({ from: at(asyncRust), to: at(creme) }), [asyncRust, gardening]);
    assert.deepEqual(await found({ from: "2030-01-02", to: "2030-01-04" }), [asyncRust, gardening]);
  });

  test("shows cancelled events when asked for them", async () => {
    assert.deepEqual(await found({ status: "cancelled" }), ["Cancelled rust"]);
    assert.deepEqual(await found({ status: "published" }), titles);
  });

  test("is ordered as asked", async () => {
    assert.deepEqual(await found({ sort: "-starts_at" }), titles.toReversed());
    assert.deepEqual(await found({ sort: "created_at" }), titles);
    assert.deepEqual(await found({ sort: "-created_at" }), titles.toReversed());
  });

  test("refuses bad parameters by name", async () => {
    for (const [name, values] of Object.entries({
      limit: ["0", "201", "-1", "ten", "1.5", ""],
      cursor: ["nonsense", "%%%", "AAAA"],
      from: ["yesterday", "2030-13-01"],
      to: ["tomorrow", "2030-02-30"],
      status: ["draft", "open"],
      sort: ["title", "--starts_at", "starts_at desc"],
      organizer: ["nobody"],
    })) {
      for (const value of values) expectInvalid(await query({ [name]: value }), name);
    }
  });

  test("comes in pages of the size asked for, linked to each other", async () => {
    for (const sort of ["starts_at", "-starts_at", "created_at", "-created_at"]) {
      const whole = (await query({ sort })).body.events.map(({ id }) => id);
      const walked = [];
      let path = `/api/events?limit=2&sort=${sort}`;
      while (path) {
        const { headers, body } = expectStatus(await organizer.get(path), 200);
        assert.ok(body.events.length <= 2);
        walked.push(...body.events.map(({ id }) => id));
        const link = headers.get("link")?.match(/^<([^>]+)>;\s*rel="next"$/)?.[1];
        assert.equal(link === undefined, body.next_cursor === null);
        const next = link && new URL(link, server.current.url);
        path = next && next.pathname + next.search;
      }
      assert.deepEqual(walked, whole);
    }
  });

  test("keeps its filters from page to page", async () => {
    const walked = await walk(organizer, "/api/events?q=rust&sort=starts_at", "events", 1);
    assert.deepEqual(
      walked.map(({ title }) => title),
      [beginners, asyncRust, gardening],
    );
  });
});

describe("A walk through the list", () => {
  const server = useWorkerd({ settings: { CACHE_LEASE_MS: "20" } });

  test("neither skips nor repeats what was there throughout, while others write", async () => {
    const organizer = await signUpOrganizer(server.current);
    const standing = [];
    for (let n = 0; n < 23; n++) {
      // Three events share each start, so that a page may end between equals.
      const date = `2031-01-${String(1 + Math.floor(n / 3)).padStart(2, "0")}`;
      standing.push((await createEvent(organizer, { date, description: `Standing ${n}` })).id);
    }
    let walking = true;
    const others = [1, 2].map(async (writer) => {
      for (let n = 0; walking; n++) {
        const date = `2031-01-${String(1 + ((n * 3 + writer) % 8)).padStart(2, "0")}`;
        const passing = await createEvent(organizer, { date, description: "Passing" });
        expectStatus(await organizer.delete(`/api/events/${passing.id}`), 204);
      }
    });
    try {
      for (const sort of ["starts_at", "-starts_at", "created_at", "-created_at"]) {
        for (let round = 0; round < 5; round++) {
          const walked = await walk(organizer, `/api/events?sort=${sort}`, "events", 4);
          const ids = walked.map(({ id }) => id);
          assert.equal(new Set(ids).size, ids.length, "an event came twice");
          assert.deepEqual(ids.filter((id) => standing.includes(id)).sort(), standing.toSorted());
        }
      }
    } finally {
      walking = false;
      await Promise.all(others);
    }
  });
});
