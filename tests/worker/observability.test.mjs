// What operators watch: a deep health check, lines of objects that name their request, a share of the
// request lines, and measurements.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { createEvent, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const linesOf = (server) =>
  server.output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

describe("A deep health check", () => {
  const server = useWorkerd({ around: ["counting.js"] });

  test("goes through an object and the Catalog, once a second at most", async () => {
    const visitor = new Client(server.current);
    const organizer = await signUpOrganizer(server.current);
    await createEvent(organizer);
    const shallow = expectStatus(await visitor.get("/api/health"), 200).body;
    assert.deepEqual(Object.keys(shallow), ["status", "version"]);
    const before = [server.current.asked("Event"), server.current.asked("Catalog")];
    const answers = [];
    for (let at = 0; at < 40; at += 1) answers.push(await visitor.get("/api/health?deep=1"));
    for (const answer of answers) {
      const { status, report_lag_seconds } = expectStatus(answer, 200).body;
      assert.equal(status, "ok");
      assert.ok(Number.isInteger(report_lag_seconds) && report_lag_seconds >= 0);
    }
    await eventually(() => assert.ok(server.current.asked("Event") > before[0]));
    const asked = server.current.asked("Event") - before[0];
    assert.ok(asked < answers.length, `${asked} questions for ${answers.length} checks`);
    assert.ok(server.current.asked("Catalog") > before[1]);
  });
});

describe("A line of an object", () => {
  const server = useWorkerd({ settings: { CACHE_LEASE_MS: "10000" } });

  test("names the request that it is about", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const path = `/api/events/${event.id}`;
    // A lease of some seconds is out: a quarter of the time since the event was made.
    await eventually(
      async () => {
        expectStatus(await new Client(server.current).get(path), 200);
        const change = await organizer.put(path, { title: `Changed ${Date.now()}` });
        const id = expectStatus(change, 200).headers.get("x-request-id");
        const slow = linesOf(server.current).find((line) => line.event === "command_slow" && line.request_id === id);
        assert.ok(slow, "no slow command yet");
        assert.equal(slow.object, "Event");
        assert.ok(linesOf(server.current).some((line) => line.event === "request" && line.request_id === id));
      },
      { within: 90_000, every: 9_000 },
    );
  });
});

describe("With LOG_SAMPLING=0", () => {
  const server = useWorkerd({ settings: { LOG_SAMPLING: "0" } });

  test("ordinary requests are not logged, repeated ones included; security lines are", async () => {
    const visitor = new Client(server.current);
    await signUp(server.current);
    for (let at = 0; at < 20; at += 1) expectStatus(await visitor.get("/api/events"), 200);
    await eventually(() => assert.ok(linesOf(server.current).some(({ kind }) => kind === "login")));
    assert.deepEqual(linesOf(server.current).filter(({ event }) => event === "request"), []);
  });
});

describe("With a dataset bound", () => {
  const server = useWorkerd({ around: ["measuring.js"] });

  test("questions, leases, turns and drains are written every few seconds", async () => {
    const visitor = new Client(server.current);
    const points = () => {
      const written = linesOf(server.current).filter(({ point }) => point !== undefined);
      return written.map(({ point }) => ({ metric: point.indexes[0], object: point.blobs[0], doubles: point.doubles }));
    };
    await eventually(
      async () => {
        const organizer = await signUpOrganizer(server.current);
        const event = await createEvent(organizer);
        expectStatus(await register(await signUp(server.current), event), 201);
        for (let at = 0; at < 5; at += 1) expectStatus(await visitor.get(`/api/events/${event.id}`), 200);
        expectStatus(await organizer.put(`/api/events/${event.id}`, { title: "Changed" }), 200);
        const seen = new Set(points().map(({ metric }) => metric));
        for (const metric of ["question_ms", "lease_miss", "turn_commands", "turn_ms", "queue_commands", "drain_ms"]) {
          assert.ok(seen.has(metric), `${metric} in ${[...seen]}`);
        }
      },
      { within: 60_000, every: 2_000 },
    );
    for (const { object, doubles } of points()) {
      assert.ok(["account", "event", "catalog"].includes(object));
      const [count, sum, max] = doubles;
      assert.ok(count >= 1 && sum >= max && max >= 0, JSON.stringify(doubles));
    }
  });
});
