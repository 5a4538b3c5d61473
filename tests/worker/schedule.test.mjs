// From wall-clock time in a zone to instants, the days when clocks change included.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { expectInvalid, expectStatus } from "./support/expect.mjs";
import { EVENT, createEvent, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

describe("An event's start", () => {
  const server = useWorkerd();
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
  });

  const INSTANTS = [
    ["UTC", "2024-05-25", "14:00", "2024-05-25T14:00:00Z"],
    ["America/New_York", "2025-07-01", "09:00", "2025-07-01T13:00:00Z"],
    ["America/New_York", "2025-01-01", "09:00", "2025-01-01T14:00:00Z"],
    ["Asia/Kolkata", "2025-07-01", "00:00", "2025-06-30T18:30:00Z"],
    ["Asia/Kathmandu", "2025-07-01", "12:00", "2025-07-01T06:15:00Z"],
    ["Australia/Lord_Howe", "2025-01-01", "12:00", "2025-01-01T01:00:00Z"],
    ["Pacific/Kiritimati", "2026-01-01", "00:00", "2025-12-31T10:00:00Z"],
    ["Europe/Berlin", "2025-03-30", "01:59", "2025-03-30T00:59:00Z"],
    ["Europe/Berlin", "2025-03-30", "03:00", "2025-03-30T01:00:00Z"],
    ["Europe/Berlin", "2100-07-01", "12:00", "2100-07-01T10:00:00Z"],
  ];

  for (const [timezone, date, time, starts_at] of INSTANTS) {
    test(`on ${date} at ${time} in ${timezone} is ${starts_at}`, async () => {
      const event = await createEvent(organizer, { timezone, date, time });
      assert.equal(event.starts_at, starts_at);
      assert.deepEqual([event.timezone, event.date, event.time], [timezone, date, time]);
    });
  }

  test("is the first of the two that a doubled time could mean", async () => {
    for (const [timezone, date, time, starts_at] of [
      ["Europe/Berlin", "2025-10-26", "02:30", "2025-10-26T00:30:00Z"],
      ["America/New_York", "2025-11-02", "01:30", "2025-11-02T05:30:00Z"],
      ["Australia/Lord_Howe", "2025-04-06", "01:45", "2025-04-05T14:45:00Z"],
    ]) {
      assert.equal((await createEvent(organizer, { timezone, date, time })).starts_at, starts_at);
    }
  });

  const skipped = { timezone: "Europe/Berlin", date: "2025-03-30", time: "02:30" };

  test("cannot be a time that a clock change skips", async () => {
    for (const moment of [
      skipped,
      { timezone: "America/New_York", date: "2025-03-09", time: "02:00" },
      { timezone: "Australia/Lord_Howe", date: "2025-10-05", time: "02:15" },
      { timezone: "Pacific/Apia", date: "2011-12-30", time: "12:00" },
      { timezone: "Europe/Berlin", date: "2100-03-28", time: "02:30" },
    ]) {
      const answer = await organizer.post("/api/events", { ...EVENT, ...moment });
      assert.equal(answer.status, 422, answer.text);
      assert.ok(
        answer.body.errors.some(({ code }) => code === "nonexistent_time"),
        answer.text,
      );
    }
  });

  test("cannot become skipped by a change of zone, date or time alone", async () => {
    for (const [fine, change] of [
      [{ timezone: "UTC" }, { timezone: skipped.timezone }],
      [{ date: "2025-03-29" }, { date: skipped.date }],
      [{ time: "04:00" }, { time: skipped.time }],
    ]) {
      const event = await createEvent(organizer, { ...skipped, ...fine });
      const answer = await organizer.put(`/api/events/${event.id}`, change);
      assert.equal(answer.status, 422, answer.text);
      assert.ok(
        answer.body.errors.some(({ code }) => code === "nonexistent_time"),
        answer.text,
      );
    }
  });

  test("moves with a change of zone", async () => {
    const event = await createEvent(organizer, { date: "2025-07-01", time: "09:00" });
    const answer = await organizer.put(`/api/events/${event.id}`, { timezone: "America/New_York" });
    assert.equal(expectStatus(answer, 200).body.event.starts_at, "2025-07-01T13:00:00Z");
  });

  test("is followed by its end in real minutes, over a clock change too", async () => {
    const night = { timezone: "Europe/Berlin", date: "2025-03-30", time: "01:00", duration_minutes: 120 };
    const event = await createEvent(organizer, night);
    assert.equal(event.starts_at, "2025-03-30T00:00:00Z");
    assert.equal(event.ends_at, "2025-03-30T02:00:00Z");
  });

  test("may lie in the past", async () => {
    const event = await createEvent(organizer, { date: "1999-12-31", time: "23:59" });
    assert.equal(event.starts_at, "1999-12-31T23:59:00Z");
  });
});
