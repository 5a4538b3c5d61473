// What an event consists of: its fields, their defaults, what they may hold, how they change.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { UTC_TIME, UUID_V7, expectInvalid, expectProblem, expectStatus } from "./support/expect.mjs";
import { EVENT, createEvent, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const FULL = {
  date: "2030-06-01",
  time: "18:30",
  description: "First line\nSecond line",
  title: "Ein Abend über 🦀",
  timezone: "Europe/Berlin",
  duration_minutes: 90,
  capacity: 100,
  waitlist: false,
  status: "published",
  visibility: "unlisted",
  registration_opens_at: "2030-05-01T00:00:00Z",
  registration_closes_at: "2030-06-01T12:00:00Z",
  join_url: "https://meet.example/room?x=1",
  tags: ["rust", "wasm"],
};

const DEFAULTS = {
  timezone: "UTC",
  duration_minutes: 60,
  capacity: null,
  waitlist: true,
  status: "published",
  visibility: "public",
  registration_opens_at: null,
  registration_closes_at: null,
  join_url: null,
  tags: [],
};

describe("An event", () => {
  const server = useWorkerd();
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current, { name: "Ada" });
  });

  const create = (fields) => organizer.post("/api/events", { ...EVENT, ...fields });
  const update = (event, fields) => organizer.put(`/api/events/${event.id}`, fields);
  const updated = async (event, fields) => expectStatus(await update(event, fields), 200).body.event;
  const read = async (event) => expectStatus(await organizer.get(`/api/events/${event.id}`), 200).body.event;

  const partOf = (event, fields) =>
    Object.fromEntries(Object.keys(fields).map((name) => [name, event[name]]));

  test("keeps every field that it was given", async () => {
    const event = await createEvent(organizer, FULL);
    assert.deepEqual(partOf(event, FULL), FULL);
    assert.deepEqual(await read(event), event);
  });

  test("has the contract's defaults for all that it was not given", async () => {
    const event = await createEvent(organizer);
    assert.deepEqual(partOf(event, DEFAULTS), DEFAULTS);
    assert.equal(event.title, EVENT.description);
    assert.deepEqual(event.seats, { confirmed: 0, waitlisted: 0, remaining: null });
  });

  test("is identified, owned, dated and counted by the server", async () => {
    const event = await createEvent(organizer, { capacity: 10 });
    assert.match(event.id, UUID_V7);
    assert.deepEqual(event.organizer, { id: organizer.user.id, name: "Ada" });
    assert.match(event.created_at, UTC_TIME);
    assert.match(event.updated_at, UTC_TIME);
    assert.ok(Number.isInteger(event.version));
    assert.deepEqual(event.seats, { confirmed: 0, waitlisted: 0, remaining: 10 });
  });

  test("ignores fields that are unknown or not the client's to set", async () => {
    const foreign = {
      id: "01890000-0000-7000-8000-000000000000",
      organizer: { id: "x", name: "Mallory" },
      version: 99,
      created_at: "2000-01-01T00:00:00Z",
      updated_at: "2000-01-01T00:00:00Z",
      seats: { confirmed: 5 },
      starts_at: "2000-01-01T00:00:00Z",
      ends_at: "2000-01-01T00:00:00Z",
      colour: "blue",
    };
    const event = await createEvent(organizer, foreign);
    for (const [name, value] of Object.entries(foreign)) assert.notDeepEqual(event[name], value, name);
    const after = await updated(event, { ...foreign, title: "New" });
    const { version, updated_at } = after;
    assert.deepEqual(after, { ...event, title: "New", version, updated_at });
    assert.ok(version > event.version);
  });

  test("changes the fields that are sent, and no others, by PUT and PATCH alike", async () => {
    let event = await createEvent(organizer, FULL);
    for (const [method, change] of [
      ["PUT", { title: "One" }],
      ["PATCH", { capacity: 7, waitlist: true }],
    ]) {
      const path = `/api/events/${event.id}`;
      const answer = await organizer.request(method, path, { json: change });
      const after = expectStatus(answer, 200).body.event;
      const { version, updated_at, seats } = after;
      assert.deepEqual(after, { ...event, ...change, version, updated_at, seats });
      assert.ok(version > event.version);
      assert.deepEqual(await read(event), after);
      event = after;
    }
  });

  test("falls back to the defaults for fields that are null", async () => {
    const event = await createEvent(organizer, FULL);
    const nothing = Object.fromEntries([...Object.keys(DEFAULTS), "title"].map((name) => [name, null]));
    const after = await updated(event, nothing);
    assert.deepEqual(partOf(after, DEFAULTS), DEFAULTS);
    assert.equal(after.title, "First line");
    assert.deepEqual(partOf(await createEvent(organizer, nothing), DEFAULTS), DEFAULTS);
  });

  test("is titled by its description's first line until a title is set", async () => {
    const event = await createEvent(organizer, { description: "Old\nmore" });
    assert.equal(event.title, "Old");
    assert.equal((await updated(event, { description: "New\nmore" })).title, "New");
    assert.equal((await updated(event, { title: "Mine" })).title, "Mine");
    assert.equal((await updated(event, { description: "Newest" })).title, "Mine");
    assert.equal((await updated(event, { title: null })).title, "Newest");
  });

  test("cuts a default title at 200 characters, not bytes", async () => {
    const event = await createEvent(organizer, { description: "🦀".repeat(201) });
    assert.equal(event.title, "🦀".repeat(200));
  });

  test("counts lengths in Unicode characters, up to the very limit", async () => {
    const most = {
      description: "🦀".repeat(10_000),
      title: "ü".repeat(200),
      tags: Array.from({ length: 10 }, (_, n) => `${n}`.padEnd(32, "é")),
      capacity: 1_000_000,
      duration_minutes: 44_640,
    };
    assert.deepEqual(partOf(await createEvent(organizer, most), most), most);
    const least = { description: "d", title: "t", tags: ["x"], capacity: 1, duration_minutes: 1 };
    assert.deepEqual(partOf(await createEvent(organizer, least), least), least);
  });

  const REFUSED = {
    date: ["", "2030-6-1", "2030-02-29", "2030-13-01", "01.06.2030", "2030-06-01T00:00:00Z", 20300601],
    time: ["", "6pm", "24:00", "18:60", "9:00", "18:00:00", 1800],
    description: ["", "x".repeat(10_001), 7],
    title: ["", "   ", "x".repeat(201), 7],
    timezone: ["", "Mars/Olympus", "+02:00", 2],
    duration_minutes: [0, -1, 44_641, 1.5, "60"],
    capacity: [0, -1, 1_000_001, 1.5, "10", 1e300],
    waitlist: ["true", 1],
    status: ["", "deleted", "Published", 1],
    visibility: ["", "private", true],
    registration_opens_at: ["", "tomorrow", "2030-06-01", 5],
    registration_closes_at: ["", "tomorrow", "2030-06-01 12:00", 5],
    join_url: ["", "http://meet.example/1", "javascript:alert(1)", "meet.example/1", 5],
    tags: [["x".repeat(33)], [""], [7], Array(11).fill("x"), "rust", { a: 1 }],
  };

  for (const [field, values] of Object.entries(REFUSED)) {
    test(`refuses a bad ${field}, on creation and on update`, async () => {
      const event = await createEvent(organizer);
      for (const value of values) {
        expectInvalid(await create({ [field]: value }), field);
        expectInvalid(await update(event, { [field]: value }), field);
      }
      assert.deepEqual(await read(event), event);
    });
  }

  test("cannot do without date, time and description", async () => {
    const event = await createEvent(organizer);
    for (const field of ["date", "time", "description"]) {
      expectInvalid(await create({ [field]: undefined }), field);
      expectInvalid(await create({ [field]: null }), field);
      expectInvalid(await update(event, { [field]: null }), field);
    }
  });

  test("cannot close its registration before it opens", async () => {
    const [early, late] = ["2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z"];
    const window = { registration_opens_at: late, registration_closes_at: early };
    expectProblem(await create(window), 422, "validation_failed");
    const event = await createEvent(organizer, { registration_opens_at: late });
    const change = await update(event, { registration_closes_at: early });
    expectProblem(change, 422, "validation_failed");
  });

  test("shows times in UTC, whatever offset they came with", async () => {
    const event = await createEvent(organizer, { registration_opens_at: "2030-05-01T02:00:00+02:00" });
    assert.equal(event.registration_opens_at, "2030-05-01T00:00:00Z");
  });

  test("carries odd text unharmed", async () => {
    const description = `<script>alert("x")</script> '; DROP TABLE events; -- \u202e مرحبا \\ "`;
    const event = await createEvent(organizer, { description, tags: ['a"b', "c,d", "👩‍💻"] });
    assert.equal((await read(event)).description, description);
    assert.deepEqual(event.tags, ['a"b', "c,d", "👩‍💻"]);
  });
});
