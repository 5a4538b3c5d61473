// An event that has outgrown its memory, on the real runtime: everything works as in a small one, and
// the spreadsheet of its participants is sent as fast as it is read.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { before, describe, test } from "node:test";
import { REQUEST_TIMEOUT_MS } from "./support/client.mjs";
import { eventually, pause } from "./support/eventually.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { fillEvent, numbered } from "./support/large-events.mjs";
import { cancel, createEvent, ownRegistration, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const CONFIRMED = 120_000;
const WAITLISTED = 80_000;
const EVERYBODY = CONFIRMED + WAITLISTED;
/** Lines that the Worker reads at a time. */
const PAGE = 1_000;

describe("An event with 200,000 registrations", () => {
  const server = useWorkerd({ settings: { CACHE_LEASE_MS: "0" }, counting: true });
  let organizer, event, first;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    event = await createEvent(organizer, { capacity: CONFIRMED });
    first = expectStatus(await register(await signUp(server.current), event), 201).body.registration;
    await server.current.stop();
    const [file] = server.current.databases("Event");
    fillEvent(file, { confirmed: CONFIRMED, waitlisted: WAITLISTED });
    await server.current.start();
  });

  const path = () => `/api/events/${event.id}/registrations`;

  /** Begins to read the spreadsheet, and stops after its first bytes. */
  async function beginSpreadsheet() {
    const headers = { authorization: `Bearer ${organizer.token}`, accept: "text/csv" };
    const call = request(server.current.url + path(), { headers, timeout: REQUEST_TIMEOUT_MS }).end();
    const [response] = await once(call, "response");
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers.etag, undefined);
    assert.equal(response.headers["content-length"], undefined);
    await once(response, "readable");
    return response;
  }

  /** Questions to the event until no more come: of those that nobody has to wait for. */
  async function askedInTheEnd() {
    return eventually(async () => {
      const asked = server.current.asked("Event");
      await pause(500);
      assert.equal(server.current.asked("Event"), asked);
      return asked;
    });
  }

  test("takes registrations, and knows everybody's place", async () => {
    const [late, later] = [await signUp(server.current), await signUp(server.current)];
    const standing = async (person) => {
      const { status, position } = expectStatus(await ownRegistration(person, event), 200).body.registration;
      return [status, position];
    };
    for (const [person, place] of [[late, 1], [later, 2]]) {
      const { status, position } = expectStatus(await register(person, event), 201).body.registration;
      assert.deepEqual([status, position], ["waitlisted", WAITLISTED + place]);
      expectStatus(await register(person, event), 200);
      assert.deepEqual(await standing(person), ["waitlisted", WAITLISTED + place]);
    }
    const remove = (n) => organizer.delete(`${path()}/${numbered(first.id, n)}`);
    expectStatus(await remove(7), 204);
    expectStatus(await remove(CONFIRMED + 70_000), 204);
    expectProblem(await remove(7), 404, "not_found");
    assert.deepEqual(await standing(late), ["waitlisted", WAITLISTED - 1]);
    const checkIn = (n) => organizer.post(`${path()}/${numbered(first.id, n)}/check-in`);
    assert.equal(expectStatus(await checkIn(CONFIRMED + 1), 200).body.registration.status, "confirmed");
    expectProblem(await checkIn(CONFIRMED + 2), 409, "not_confirmed");
    await server.current.kill9();
    await server.current.start();
    assert.deepEqual(await standing(later), ["waitlisted", WAITLISTED]);
    for (const person of [late, later]) expectStatus(await cancel(person, event), 204);
    const { seats } = (await organizer.get(`/api/events/${event.id}`)).body.event;
    assert.deepEqual(seats, { confirmed: CONFIRMED, waitlisted: WAITLISTED - 2, remaining: 0 });
    const [page] = (await organizer.get(`${path()}?status=waitlisted&limit=1`)).body.registrations;
    assert.deepEqual([page.position, page.id], [1, numbered(first.id, CONFIRMED + 2)]);
  });

  test("gives a spreadsheet of all of them, each once", async () => {
    const headers = { authorization: `Bearer ${organizer.token}`, accept: "text/csv" };
    const answer = await fetch(server.current.url + path(), { headers });
    const lines = (await answer.text()).split("\r\n").slice(1, -1);
    const rows = lines.map((line) => line.split(","));
    assert.ok(rows.length >= EVERYBODY, `${rows.length} lines`);
    assert.equal(new Set(rows.map(([id]) => id)).size, rows.length);
    const positions = rows.filter(([, status]) => status === "waitlisted").map(([, , position]) => Number(position));
    assert.deepEqual(positions, positions.map((_, at) => at + 1));
  });

  test("is read no faster than a client takes the spreadsheet", async () => {
    const before = server.current.asked("Event");
    const response = await beginSpreadsheet();
    const pages = (await askedInTheEnd()) - before;
    assert.ok(pages < EVERYBODY / PAGE / 2, `${pages} pages were read for a client who waits`);
    response.destroy();
    const afterwards = (await askedInTheEnd()) - before;
    assert.ok(afterwards <= pages + 2, `${afterwards} pages, ${pages} before the client went away`);
  });

  test("breaks the spreadsheet off when it is deleted meanwhile", async () => {
    const response = await beginSpreadsheet();
    await askedInTheEnd();
    expectStatus(await organizer.delete(`/api/events/${event.id}`), 204);
    const ended = new Promise((resolve) => response.once("error", resolve).once("end", () => resolve("in good order")));
    response.resume();
    assert.equal((await ended).code, "ECONNRESET");
    assert.equal(response.complete, false);
    assert.ok(server.current.output.includes("answer_broken_off"));
  });
});
