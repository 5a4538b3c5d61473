// Who sees an event and what of it, and which states it may go through.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { expectInvalid, expectProblem, expectStatus } from "./support/expect.mjs";
import {
  EVENT,
  createEvent,
  ownRegistration,
  register,
  signUp,
  signUpOrganizer,
  walk,
} from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const LINK = "https://meet.example/secret-room";

describe("An event's visibility", () => {
  const server = useWorkerd();
  let organizer, rival, attendee;

  before(async () => {
    [organizer, rival, attendee] = await Promise.all([
      signUpOrganizer(server.current),
      signUpOrganizer(server.current),
      signUp(server.current),
    ]);
  });

  const pathOf = (event) => `/api/events/${event.id}`;
  const listedFor = async (who, event) =>
    (await walk(who, "/api/events", "events")).some(({ id }) => id === event.id);

  test("of a draft is its organizer's alone: all others meet 404", async () => {
    const draft = await createEvent(organizer, { status: "draft" });
    expectStatus(await organizer.get(pathOf(draft)), 200);
    for (const stranger of [rival, attendee]) {
      expectProblem(await stranger.get(pathOf(draft)), 404, "not_found");
      expectProblem(await stranger.put(pathOf(draft), { title: "x" }), 404, "not_found");
      expectProblem(await stranger.delete(pathOf(draft)), 404, "not_found");
      expectProblem(await register(stranger, draft), 404, "not_found");
    }
    for (const who of [organizer, rival]) assert.equal(await listedFor(who, draft), false);
  });

  test("of a draft that was read by its organizer stays so", async () => {
    const draft = await createEvent(organizer, { status: "draft" });
    for (let round = 0; round < 5; round++) {
      expectStatus(await organizer.get(pathOf(draft)), 200);
      expectProblem(await attendee.get(pathOf(draft)), 404, "not_found");
    }
  });

  test("begins with its publication", async () => {
    const draft = await createEvent(organizer, { status: "draft" });
    expectStatus(await organizer.put(pathOf(draft), { status: "published" }), 200);
    expectStatus(await attendee.get(pathOf(draft)), 200);
    assert.ok(await listedFor(attendee, draft));
  });

  test("of an unlisted event is for those who have its id, and in no list", async () => {
    const unlisted = await createEvent(organizer, { visibility: "unlisted" });
    expectStatus(await attendee.get(pathOf(unlisted)), 200);
    expectStatus(await register(attendee, unlisted), 201);
    for (const who of [organizer, attendee]) assert.equal(await listedFor(who, unlisted), false);
    expectStatus(await organizer.put(pathOf(unlisted), { visibility: "public" }), 200);
    assert.ok(await listedFor(attendee, unlisted));
  });

  test("does not extend to the join link, which organizer and confirmed participants alone see", async () => {
    const event = await createEvent(organizer, { join_url: LINK, capacity: 1 });
    const [confirmed, waiting] = [await signUp(server.current), await signUp(server.current)];
    const seat = expectStatus(await register(confirmed, event), 201).body.registration;
    assert.equal(seat.join_url, LINK);
    assert.equal((await ownRegistration(confirmed, event)).body.registration.join_url, LINK);
    assert.equal((await organizer.get(pathOf(event))).body.event.join_url, LINK);

    const place = expectStatus(await register(waiting, event), 201);
    const answers = [place, await ownRegistration(waiting, event)];
    for (const who of [waiting, attendee, rival]) {
      answers.push(await who.get(pathOf(event)), await who.get("/api/events?limit=200"));
    }
    answers.push(
      await organizer.get("/api/events?limit=200"),
      await attendee.get("/api/events?q=secret-room"),
    );
    for (const { text } of answers) assert.ok(!text.includes(LINK), text);
  });
});

describe("An event's status", () => {
  const server = useWorkerd();
  let organizer, attendee;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    attendee = await signUp(server.current);
  });

  const setStatus = (event, status) => organizer.put(`/api/events/${event.id}`, { status });

  test("once cancelled stays cancelled", async () => {
    const event = await createEvent(organizer);
    expectStatus(await setStatus(event, "cancelled"), 200);
    for (const status of ["published", "draft"]) {
      expectProblem(await setStatus(event, status), 409, "invalid_transition");
    }
    assert.equal(expectStatus(await setStatus(event, "cancelled"), 200).body.event.status, "cancelled");
  });

  test("cannot be reset from cancelled by null either", async () => {
    const event = await createEvent(organizer);
    expectStatus(await setStatus(event, "cancelled"), 200);
    expectProblem(await setStatus(event, null), 409, "invalid_transition");
  });

  test("goes back to draft while nobody is registered, and not after", async () => {
    const event = await createEvent(organizer);
    expectStatus(await setStatus(event, "draft"), 200);
    expectStatus(await setStatus(event, "published"), 200);
    expectStatus(await register(attendee, event), 201);
    expectProblem(await setStatus(event, "draft"), 409, "invalid_transition");
    assert.equal((await attendee.get(`/api/events/${event.id}`)).body.event.status, "published");
  });

  test("that is cancelled is still seen, and listed when asked for", async () => {
    const event = await createEvent(organizer);
    expectStatus(await setStatus(event, "cancelled"), 200);
    const seen = expectStatus(await attendee.get(`/api/events/${event.id}`), 200).body.event;
    assert.equal(seen.status, "cancelled");
    const ids = async (query) => (await walk(attendee, `/api/events${query}`, "events")).map(({ id }) => id);
    assert.ok(!(await ids("")).includes(event.id));
    assert.ok((await ids("?status=cancelled")).includes(event.id));
  });

  test("is refused together with other bad fields", async () => {
    const answer = await organizer.post("/api/events", { ...EVENT, status: "gone", capacity: 0 });
    expectInvalid(answer, "status", "capacity");
  });
});
