// input-files.test.mjs: what is typed, as it comes out in lists and calendars.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectInvalid, expectStatus } from "./support/expect.mjs";
import { EVENT, cancel, createEvent, freshEmail, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { formulasIn, readCalendar, readCsv } from "./support/readers.mjs";
import { useWorkerd, useWorkerdWithMail } from "./support/server.mjs";

describe("The list as CSV", () => {
  const server = useWorkerd();
  const NAMES = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "＝1",
    "＠x",
    "Ada;=1+1",
    "Ada|@x",
    "Ada, -2",
    '"=1"',
    '=""&1',
    'a";=1',
    "\u202A=1\u202C",
    "\u200B\uFEFF=1",
    "a\u00A0;\u3000=1",
    "Ada;;;+1",
    ';"="&A1',
    'Ada "Q" L',
    "Ünï, cödé 老",
    "'=1",
    "-",
  ];
  const INVISIBLE = [..."\u3164\u2800\u034F\u061C\u115F\uFFA0\u17B4\u{E0061}\u{E0100}"].map((c) => `${c}=1`);
  let organizer, path;

  async function list(names) {
    const event = await createEvent(organizer);
    for (const [n, name] of names.entries()) {
      const person = await signUp(server.current, { name, email: freshEmail(`=1+${n}`) });
      expectStatus(await register(person, event), 201);
    }
    return `/api/events/${event.id}/registrations`;
  }

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    path = await list(NAMES);
  });

  const bytes = async (query, accept = "text/csv") => {
    const headers = { accept, authorization: `Bearer ${organizer.token}` };
    return Buffer.from(await (await fetch(server.current.url + path + query, { headers })).arrayBuffer());
  };

  test("begins with a byte-order mark, unless that is not wanted", async () => {
    const mark = Buffer.from([0xef, 0xbb, 0xbf]);
    for (const query of ["", "?bom=true", "?bom=", "?bom=true&bom=false"]) {
      assert.deepEqual((await bytes(query)).subarray(0, 3), mark, query);
    }
    const without = await bytes("?bom=false");
    assert.equal(without.subarray(0, 3).toString(), "reg");
    assert.deepEqual(Buffer.concat([mark, without]), await bytes(""));
    for (const bom of ["FALSE", "0", "no"]) {
      expectInvalid(await organizer.get(`${path}?bom=${bom}`, { accept: "text/csv" }), "bom");
    }
  });

  test("holds no formula, wherever a spreadsheet splits it, and every name", async () => {
    const csv = (await bytes("?bom=false")).toString();
    assert.deepEqual(formulasIn(csv), []);
    const [header, ...rows] = readCsv(csv);
    assert.equal(rows.length, NAMES.length);
    const plain = (name) => name.replaceAll("'", "");
    const names = rows.map((row) => row[header.indexOf("name")]);
    assert.deepEqual(names.map(plain), NAMES.map(plain));
    assert.deepEqual(rows.filter((row) => row.length !== header.length), []);
    for (const name of ['Ada "Q" L', "Ünï, cödé 老"]) assert.ok(names.includes(name), name);
  });

  test("holds no formula behind what cannot be seen either", async () => {
    const answer = await organizer.get(await list(INVISIBLE), { accept: "text/csv" });
    assert.deepEqual(formulasIn(answer.text), []);
  });

  const accepts = async (accept) => {
    const type = expectStatus(await organizer.get(path, { accept }), 200).headers.get("content-type");
    return type.startsWith("text/csv") ? "csv" : type;
  };

  test("is what the client asks for by the weights of Accept", async () => {
    for (const accept of [
      "text/csv",
      "TEXT/CSV;header=present",
      "text/*",
      "text/csv;q=0.001",
      "text/html, text/csv",
      "application/json;q=0.8, text/csv",
      "text/csv , application/json ; q=0.9",
      "text/csv, */*",
      "*/*, text/csv",
      "application/json;q=0, */*",
      'text/csv;x="a,b;q=0"',
      "text/csv; Q=0.5, */*;q=0.1",
    ]) {
      assert.equal(await accepts(accept), "csv", accept);
    }
    for (const accept of [
      "*/*",
      "",
      "application/json",
      "text/csv;q=0",
      "text/csv;q=0.000, */*",
      "text/csv;q=0, text/*",
      "text/csv, application/json",
      "text/csv;q=0.9, application/json",
      "application/*, text/csv;q=0.5",
      "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      "text/csv;q=1.5",
      "text / csv",
    ]) {
      assert.equal(await accepts(accept), "application/json", accept);
    }
  });

  test("is not what a malformed weight asks for", async () => {
    for (const q of [".5", "1e-1", "+0.5", "0.1234", "1.001"]) {
      assert.equal(await accepts(`text/csv;q=${q}`), "application/json", q);
    }
  });
});

describe("A calendar", () => {
  const { server, mail } = useWorkerdWithMail();
  let organizer;
  const NAME = 'Grace "G"; Hopper: ^n ^\' ^^, 老\u2067שלום\u2069 🎉';

  before(async () => {
    organizer = await signUpOrganizer(server.current, { name: NAME });
  });

  const files = async (person, count) =>
    (await mail.current.mailsTo(person.email, { count }))
      .flatMap(({ attachments = [] }) => attachments)
      .map(({ content }) => readCalendar(Buffer.from(content, "base64").toString()));

  test("survives the texts of others", async () => {
    const title = 'Tea, cake; \\n \\N \\; back\\slash : "q" ^\' 😀 END:VEVENT ' + "ж".repeat(80);
    const description = `BEGIN:VALARM\r\nEND:VCALENDAR\u2028x\vy\fz\u0085A\u0007B\t lead\n\n ${"👩‍👩‍👧".repeat(300)}\\`;
    const event = await createEvent(organizer, { title, description });
    const { text } = expectStatus(await organizer.get(`/api/events/${event.id}/calendar.ics`), 200);
    const [entry, ...more] = readCalendar(text).events;
    assert.deepEqual(more, []);
    assert.equal(entry.summary, title);
    const read = description.replace(/\r\n|[\v\f\u0085\u2028]/g, "\n").replace("\u0007", " ");
    assert.ok(entry.description.endsWith(read), JSON.stringify(entry.description.slice(0, 200)));
  });

  test("has each person's name by RFC 6868, and a SEQUENCE that rises for each person", async () => {
    const person = await signUp(server.current, { name: `Ada "^n"; L:^ ${"Ü".repeat(70)}` });
    const event = await createEvent(organizer, { title: "Sequence", capacity: 1, waitlist: true });
    const other = await signUp(server.current);
    expectStatus(await register(person, event), 201);
    expectStatus(await register(other, event), 201);
    expectStatus(await organizer.put(`/api/events/${event.id}`, { title: "Renamed" }), 200);
    expectStatus(await cancel(person, event), 204);
    expectStatus(await register(person, event), 201);
    expectStatus(await cancel(other, event), 204);
    expectStatus(await organizer.delete(`/api/events/${event.id}`), 204);

    // Confirm, registered, cancelled, waitlisted, a seat is yours, deleted.
    const mine = await files(person, 6);
    assert.deepEqual(mine.map(({ method }) => method), ["REQUEST", "CANCEL", "REQUEST", "CANCEL"]);
    const sequences = mine.map(({ events: [entry] }) => entry.sequence);
    assert.deepEqual(sequences, [...new Set(sequences)].sort((a, b) => a - b), String(sequences));
    for (const { events: [entry] } of mine) {
      assert.equal(entry.attendee.name, person.user.name);
      assert.deepEqual([entry.uid, entry.attendee.uri], [event.id, `mailto:${person.email}`]);
    }
    // The event was there while all but the last were written.
    for (const { events: [entry] } of mine.slice(0, -1)) assert.equal(entry.organizer.name, NAME);
    // Confirm, waitlisted, a seat is yours, cancelled.
    const theirs = await files(other, 4);
    assert.deepEqual(theirs.map(({ method }) => method), ["REQUEST", "CANCEL"]);
    assert.ok(theirs[0].events[0].sequence < theirs[1].events[0].sequence);
  });

  test("is valid without events, and the feed is below the mails", async () => {
    const person = await signUp(server.current);
    const { url } = expectStatus(await person.post("/api/me/calendar-key"), 201).body;
    const feed = async () => (await new Client(server.current).get(url.replace("https://events.example", ""))).text;
    const empty = await feed();
    assert.deepEqual(readCalendar(empty).events, []);
    assert.match(empty, /\r\nBEGIN:V(TIMEZONE|EVENT|FREEBUSY|TODO|JOURNAL)\r\n/);

    const event = await createEvent(organizer);
    expectStatus(await register(person, event), 201);
    const [entry] = await eventually(async () => {
      const { events } = readCalendar(await feed());
      assert.equal(events.length, 1);
      return events;
    });
    const [mailed] = await files(person, 2);
    assert.ok(mailed.events[0].sequence >= entry.sequence);
    expectStatus(await cancel(person, event), 204);
    await eventually(async () => assert.deepEqual(readCalendar(await feed()).events, []));
  });
});
