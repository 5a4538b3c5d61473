// Copies in a bucket, made in one deployment and read back in another: what was there is there again.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { apply, filesOf, newestCopies } from "../../scripts/backups.mjs";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { cancel, createEvent, logIn, register, registrationsOf, signUp, signUpOrganizer } from "./support/people.mjs";
import { useMiniflare } from "./support/server.mjs";

const ADMIN_TOKEN = "the operators' token in tests, long enough";
const BOUND = { settings: { ADMIN_TOKEN }, env: { BACKUPS: { type: "r2", name: "backups" } } };
const SOON = { within: 20_000, every: 100 };

const operatorOf = (server) => new Client(server, { token: ADMIN_TOKEN });
const keyOf = ({ email }) => createHash("sha256").update(email).digest("base64url");

describe("A copy in a bucket", () => {
  const server = useMiniflare(BOUND);
  const lost = useMiniflare(BOUND);
  const folder = mkdtempSync(join(tmpdir(), "event-platform-copies-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let organizer, event, people, copied;

  /** All that the organizer can see. */
  const seen = async (who) => {
    const { event: shown } = expectStatus(await who.get(`/api/events/${event.id}`), 200).body;
    const lists = await Promise.all(["confirmed", "waitlisted", "cancelled"].map((status) => registrationsOf(who, event, status)));
    const me = expectStatus(await who.get("/api/me"), 200).body;
    return { me, lists, event: { ...shown, version: undefined, seats: undefined } };
  };

  /** The bucket as somebody would download it. */
  const download = async (from) => {
    const bucket = await from.bucket("BACKUPS");
    for (const { key } of (await bucket.list()).objects) {
      const path = join(folder, key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, Buffer.from(await (await bucket.get(key)).arrayBuffer()));
    }
  };

  before(async () => {
    organizer = await signUpOrganizer(server.current, { name: "Ada" });
    event = await createEvent(organizer, { capacity: 2, join_url: "https://meet.example/1", tags: ["\"quoted\"", "ümläut"] });
    people = await Promise.all([1, 2, 3, 4].map(() => signUp(server.current)));
    for (const person of people) expectStatus(await register(person, event), 201);
    expectStatus(await cancel(people[0], event), 204);
    const operator = operatorOf(server.current);
    copied = [];
    for (const path of [`event/${event.id}`, ...[organizer, ...people].map((person) => `account/${keyOf(person)}`)]) {
      copied.push(expectStatus(await operator.post(`/api/admin/objects/${path}/copy`), 200).body);
    }
    await download(server.current);
  });

  test("is whole, and says so", () => {
    const copies = newestCopies(folder, (trouble) => assert.fail(trouble));
    assert.equal(copies.length, 6);
    assert.equal(copies.reduce((sum, { manifest }) => sum + manifest.rows, 0), copied.reduce((sum, { rows }) => sum + rows, 0));
    assert.ok(copies.every(({ manifest }) => manifest.consistent));
  });

  test("reads back in a deployment that has lost everything", async () => {
    expectProblem(await new Client(lost.current).get(`/api/events/${event.id}`), 404, "not_found");
    const copies = newestCopies(folder);
    const bucket = await lost.current.bucket("BACKUPS");
    for (const { key, path } of filesOf(copies)) await bucket.put(key, readFileSync(path));
    const known = await seen(organizer);
    const { objects } = await apply(copies, lost.current.url, ADMIN_TOKEN);
    assert.equal(objects, 6);
    // Sessions, seats and the waitlist are as they were, and go on where they stood.
    const there = organizer.at(lost.current);
    assert.deepEqual(await seen(there), known);
    await logIn(lost.current, organizer);
    const listed = (await new Client(lost.current).get("/api/events")).body.events;
    assert.deepEqual(listed.map(({ id }) => id), [event.id]);
    expectStatus(await cancel(people[1].at(lost.current), event), 204);
    const confirmed = await registrationsOf(there, event, "confirmed");
    assert.deepEqual(confirmed.map(({ user }) => user.email).sort(), [people[2].email, people[3].email].sort());
    await eventually(async () => {
      const own = expectStatus(await people[3].at(lost.current).get("/api/me/registrations"), 200).body;
      assert.deepEqual(own.registrations.map(({ event_id }) => event_id), [event.id]);
    }, SOON);
  });

  test("that is not whole changes nothing", async () => {
    const operator = operatorOf(server.current);
    const bucket = await server.current.bucket("BACKUPS");
    const { taken } = copied[0];
    const at = `v1/event/${event.id}/${taken}`;
    const part = await (await bucket.get(`${at}/00000.ndjson`)).text();
    const known = await seen(organizer);
    const restore = (body) => operator.post(`/api/admin/objects/event/${event.id}/copy/restore`, body);
    await bucket.put(`${at}/00000.ndjson`, part.replace("waitlisted", "confirmed "));
    expectProblem(await restore({ taken }), 409, "damaged_copy");
    await bucket.delete(`${at}/00000.ndjson`);
    expectProblem(await restore({ taken }), 409, "damaged_copy");
    expectProblem(await restore({ taken: "20200101T000000Z" }), 404, "not_found");
    assert.deepEqual(await seen(organizer), known);
    await bucket.put(`${at}/00000.ndjson`, part);
    expectStatus(await restore({ taken }), 200);
    assert.deepEqual(await seen(organizer), known);
  });

  test("is due for objects that have changed, and the alarm is set for it", async () => {
    const operator = operatorOf(server.current);
    const look = async () => expectStatus(await operator.get(`/api/admin/objects/event/${event.id}`), 200).body.object;
    expectStatus(await operator.post(`/api/admin/objects/event/${event.id}/copy`), 200);
    await eventually(async () => assert.equal((await look()).tables.outbox, 0), SOON);
    assert.equal((await look()).tables.backup, 0);
    expectStatus(await organizer.put(`/api/events/${event.id}`, { title: "Changed" }), 200);
    assert.equal((await look()).tables.backup, 1);
    await eventually(async () => {
      const { alarm_at } = await look();
      const hours = (Date.parse(alarm_at) - Date.now()) / 3_600_000;
      assert.ok(hours > 0 && hours <= 36, alarm_at);
    }, SOON);
  });
});

describe("The next day", () => {
  const server = useMiniflare({ ...BOUND, clock: true });

  test("what has changed is copied when its alarm rings, once", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const operator = operatorOf(server.current);
    const paths = [`event/${event.id}`, `account/${keyOf(organizer)}`];
    const ring = async () => {
      for (const path of paths) expectStatus(await operator.post(`/api/admin/objects/${path}/retry`), 200);
    };
    const copies = async () => {
      const { objects } = await (await server.current.bucket("BACKUPS")).list();
      return objects.map(({ key }) => key).filter((key) => key.endsWith("manifest.json"));
    };
    const planned = async () => {
      const looks = paths.map((path) => operator.get(`/api/admin/objects/${path}`));
      return (await Promise.all(looks)).map((look) => expectStatus(look, 200).body.object.tables.backup);
    };
    await ring();
    assert.deepEqual(await planned(), [1, 1]);
    await server.current.restart({ CLOCK_AHEAD_MS: String(36 * 3_600_000) });
    await ring();
    await eventually(async () => assert.deepEqual(await planned(), [0, 0]), SOON);
    const first = await copies();
    assert.equal(first.length, 2);
    for (const path of paths) assert.ok(first.some((key) => key.startsWith(`v1/${path}/`)), path);
    await server.current.restart({ CLOCK_AHEAD_MS: String(90 * 3_600_000) });
    await ring();
    const { object } = (await operator.get(`/api/admin/objects/${paths[0]}`)).body;
    assert.equal(object.tables.backup, 0, "nothing has changed since");
    assert.deepEqual(await copies(), first);
  });
});

describe("Without a bucket", () => {
  const server = useMiniflare({ settings: { ADMIN_TOKEN } });

  test("copies are 501, and nothing is planned", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const operator = operatorOf(server.current);
    const path = `/api/admin/objects/event/${event.id}`;
    expectProblem(await operator.post(`${path}/copy`), 501, "not_supported");
    expectProblem(await operator.post(`${path}/copy/restore`, { taken: "20261125T031500Z" }), 501, "not_supported");
    assert.equal(expectStatus(await operator.get(path), 200).body.object.tables.backup, 0);
  });
});
