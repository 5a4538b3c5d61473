// Two isolates, each with its own cache, over one set of objects: a read that starts after a write
// was acknowledged shows it, wherever either was served.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "./support/eventually.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { createEvent, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

// Each round writes four times and reads after each write: 500 in the longest run.
const SETUPS = [
  { leaseMs: 100, rounds: 125 },
  { leaseMs: 1000, rounds: 2 },
  { leaseMs: 0, rounds: 20 },
];

for (const { leaseMs, rounds } of SETUPS) {
  describe(`With leases of ${leaseMs} ms`, () => {
    const server = useWorkerd({ isolates: 2, settings: { CACHE_LEASE_MS: String(leaseMs) } });

    test("no isolate shows what was before an acknowledged write", async () => {
      const organizer = await signUpOrganizer(server.current);
      const isolates = server.current.isolates.map((isolate) => organizer.at(isolate));
      const ledger = new Ledger();

      const write = async () => {
        for (let round = 0; round < rounds; round++) {
          const [writer, reader] = round % 2 === 0 ? isolates : isolates.toReversed();
          await oneEvent(ledger, writer, reader, `Round ${round}`);
        }
      };
      await Promise.all([
        write().finally(() => ledger.close()),
        ...isolates.flatMap((isolate) => [keepHot(ledger, isolate), keepHot(ledger, isolate)]),
      ]);
      assert.ok(ledger.reads > rounds * 6, `only ${ledger.reads} reads`);
    });
  });
}

describe("A copy in use", () => {
  const leaseMs = 1000;
  const server = useWorkerd({ isolates: 2, around: ["counting.js"], settings: { CACHE_LEASE_MS: String(leaseMs) } });

  test("costs its isolate one question per lease", async () => {
    const organizer = await signUpOrganizer(server.current);
    await createEvent(organizer);
    const isolates = server.current.isolates.map((isolate) => organizer.at(isolate));
    /** Reads without a pause; how often each isolate has asked the Catalog meanwhile. */
    const readFor = async (leases) => {
      const [until, before] = [performance.now() + leases * leaseMs, server.current.asked("Catalog")];
      const readOn = async (isolate) => {
        while (performance.now() < until) expectStatus(await isolate.get("/api/events"), 200);
      };
      await Promise.all([...isolates, ...isolates].map(readOn));
      return (server.current.asked("Catalog") - before) / isolates.length;
    };
    // A lease is a quarter of the time since the last change until it has its full length. It is
    // renewed 50 ms before its end, and one more may end in the last moment.
    await eventually(async () => assert.ok((await readFor(1)) <= 2), { within: 20_000 });
    const asked = await readFor(5);
    assert.ok(asked >= 4, `${asked} questions: nothing was counted`);
    assert.ok(asked <= 5 / 0.95 + 1, `${asked} questions of each isolate in 5 leases`);
  });
});

describe("Changes that are refused, or change nothing", () => {
  const server = useWorkerd({ around: ["counting.js"], settings: { CACHE_LEASE_MS: "1000" } });

  test("take nothing out of any cache", async () => {
    const organizer = await signUpOrganizer(server.current);
    const stranger = await signUp(server.current);
    const event = await createEvent(organizer, { title: "Mine" });
    const path = `/api/events/${event.id}`;
    const reads = async (count) => {
      const before = server.current.asked("Catalog") + server.current.asked("Event");
      for (let n = 0; n < count; n++) {
        expectStatus(await stranger.get("/api/events"), 200);
        expectStatus(await stranger.get(path), 200);
      }
      return server.current.asked("Catalog") + server.current.asked("Event") - before;
    };
    await eventually(async () => assert.equal(await reads(20), 0), { within: 20_000 });

    const ATTACKS = 40;
    let askedByReads = 0;
    for (let n = 0; n < ATTACKS; n++) {
      expectProblem(await stranger.patch(path, { title: `Theirs ${n}` }), 403, "forbidden");
      expectProblem(await stranger.delete(path), 403, "forbidden");
      expectStatus(await organizer.patch(path, { title: "Mine" }), 200);
      askedByReads += await reads(10);
    }
    // Each lease is renewed once; without one, each of the 800 reads would ask.
    assert.ok(askedByReads <= 40, `${askedByReads} of ${ATTACKS * 20} reads asked`);
  });
});

/** Creates, changes and deletes an event at one isolate; each time the other is asked at once. */
async function oneEvent(ledger, writer, reader, description) {
  const event = await createEvent(writer, { description });
  const path = `/api/events/${event.id}`;
  ledger.acknowledged(event);
  await ledger.expectSeenBy(reader);
  for (const title of ["First change", "Second change"]) {
    ledger.acknowledged(expectStatus(await writer.put(path, { title }), 200).body.event);
    await ledger.expectSeenBy(reader);
  }
  ledger.deleting(event);
  expectStatus(await writer.delete(path), 204);
  ledger.deleted(event);
  await ledger.expectSeenBy(reader);
}

async function keepHot(ledger, isolate) {
  while (!ledger.closed) await ledger.expectSeenBy(isolate);
}

/** What every read that starts now must show. */
class Ledger {
  /** By id: `{ version }` or more, or gone where it `mayBeGone` or `mustBeGone`. */
  #events = new Map();
  #latest;
  closed = false;
  reads = 0;

  acknowledged({ id, version }) {
    this.#events.set(id, { version });
    this.#latest = id;
  }

  deleting({ id }) {
    this.#events.set(id, { ...this.#events.get(id), mayBeGone: true });
  }

  deleted({ id }) {
    this.#events.set(id, { mustBeGone: true });
  }

  close() {
    this.closed = true;
  }

  /** Reads the list and the latest event at the same time. */
  async expectSeenBy(isolate) {
    const [expected, latest] = [new Map(this.#events), this.#latest];
    const [list, alone] = await Promise.all([
      isolate.get("/api/events?limit=200"),
      latest && isolate.get(`/api/events/${latest}`),
    ]);
    this.reads += 1;
    const listed = new Map(expectStatus(list, 200).body.events.map((event) => [event.id, event]));
    for (const [id, least] of expected) this.#expect(listed.get(id), least, id, "the list");
    if (!latest) return;
    if (alone.status === 404) expectProblem(alone, 404, "not_found");
    this.#expect(alone.body.event, expected.get(latest), latest, "the event");
  }

  #expect(shown, { version, mustBeGone }, id, where) {
    if (mustBeGone) return assert.equal(shown, undefined, `${where} shows what was deleted`);
    const mayBeGone = this.#events.get(id).mayBeGone || this.#events.get(id).mustBeGone;
    if (!shown) return assert.ok(mayBeGone, `${where} does not show what was acknowledged`);
    assert.ok(shown.version >= version, `${where} shows ${shown.version} after ${version}`);
  }
}
