// Calendar files, read back by another's parser.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import ICAL from "ical.js";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { cancel, createEvent, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerdWithMail } from "./support/server.mjs";

/** The events of a file, with its method. */
function read(text) {
  for (const line of text.split("\r\n")) {
    assert.ok(Buffer.byteLength(line) <= 75, `a line of more than 75 octets: ${line}`);
    assert.ok(!line.includes("\n"), "a line ends in CRLF");
  }
  const calendar = new ICAL.Component(ICAL.parse(text));
  assert.equal(calendar.getFirstPropertyValue("version"), "2.0");
  const events = calendar.getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component, { strictExceptions: true });
    return {
      uid: event.uid,
      sequence: event.sequence,
      summary: event.summary,
      description: event.description,
      starts: event.startDate.toJSDate().toISOString(),
      ends: event.endDate.toJSDate().toISOString(),
      status: component.getFirstPropertyValue("status"),
      organizer: component.getFirstPropertyValue("organizer"),
      attendee: component.getFirstPropertyValue("attendee"),
      organizerName: component.getFirstProperty("organizer")?.getParameter("cn"),
      attendeeName: component.getFirstProperty("attendee")?.getParameter("cn"),
      url: component.getFirstPropertyValue("url"),
    };
  });
  return { method: calendar.getFirstPropertyValue("method"), events };
}

const attached = ({ attachments: [file] }) => {
  assert.match(file.content_type, /^text\/calendar; charset=utf-8; method=/);
  return read(Buffer.from(file.content, "base64").toString());
};

describe("A calendar file", () => {
  const { server, mail } = useWorkerdWithMail();
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current, { name: 'Grace "G"; Hopper, Jr' });
  });

  const file = async (event) => {
    const answer = expectStatus(await organizer.get(`/api/events/${event.id}/calendar.ics`), 200);
    assert.equal(answer.headers.get("content-type"), "text/calendar; charset=utf-8");
    return answer;
  };

  for (const [timezone, date, time, starts] of [
    ["Europe/London", "2025-07-01", "14:00", "2025-07-01T13:00:00.000Z"],
    ["Europe/London", "2025-01-15", "14:00", "2025-01-15T14:00:00.000Z"],
    ["America/New_York", "2025-07-01", "09:00", "2025-07-01T13:00:00.000Z"],
    ["Australia/Lord_Howe", "2025-01-01", "12:00", "2025-01-01T01:00:00.000Z"],
    ["Australia/Lord_Howe", "2025-07-01", "12:00", "2025-07-01T01:30:00.000Z"],
    ["Australia/Lord_Howe", "2025-04-06", "01:45", "2025-04-05T14:45:00.000Z"],
    ["Europe/Berlin", "2025-10-26", "02:30", "2025-10-26T00:30:00.000Z"],
    ["America/New_York", "2025-11-02", "01:30", "2025-11-02T05:30:00.000Z"],
  ]) {
    test(`says that ${time} on ${date} in ${timezone} is ${starts}`, async () => {
      const event = await createEvent(organizer, { timezone, date, time, duration_minutes: 90 });
      const [entry] = read((await file(event)).text).events;
      assert.equal(entry.starts, starts);
      assert.equal(Date.parse(entry.ends) - Date.parse(entry.starts), 90 * 60_000);
    });
  }

  test("ends in real minutes over a change of the clock", async () => {
    const night = { timezone: "Europe/Berlin", date: "2025-03-30", time: "01:00", duration_minutes: 120 };
    const [entry] = read((await file(await createEvent(organizer, night))).text).events;
    assert.deepEqual([entry.starts, entry.ends], ["2025-03-30T00:00:00.000Z", "2025-03-30T02:00:00.000Z"]);
  });

  test("gives every text back as it was, long lines and all", async () => {
    const title = "Tea, cake; \\n and “quotes” — 老虎 ".repeat(4).trim();
    const description = `${"Ein längerer Satz, mit Kommas; und mehr. ".repeat(40)}\nBEGIN:VALARM\n\ttab`;
    const event = await createEvent(organizer, { title, description });
    const [entry] = read((await file(event)).text).events;
    assert.equal(entry.summary, title);
    assert.ok(entry.description.endsWith(description), entry.description);
  });

  test("keeps its UID, and its SEQUENCE rises with every change", async () => {
    const event = await createEvent(organizer, { join_url: "https://meet.example/secret-room" });
    const seen = [];
    for (const change of [{}, { time: "19:00" }, { title: "Another" }, { status: "cancelled" }]) {
      expectStatus(await organizer.put(`/api/events/${event.id}`, change), 200);
      const answer = await file(event);
      assert.ok(!answer.text.includes("secret-room"));
      const etag = answer.headers.get("etag");
      assert.match(etag, /^"/);
      const path = `/api/events/${event.id}/calendar.ics`;
      expectStatus(await organizer.get(path, { "if-none-match": etag }), 304);
      seen.push(read(answer.text).events[0]);
    }
    assert.deepEqual(new Set(seen.map(({ uid }) => uid)), new Set([event.id]));
    assert.deepEqual(seen.map(({ sequence }) => sequence), [0, 1, 2, 3]);
    assert.equal(seen.at(-1).status, "CANCELLED");
  });

  test("comes with the mail that says so, and strikes the event out again", async () => {
    const person = await signUp(server.current, { name: "Ada" });
    const event = await createEvent(organizer, { title: "Attached" });
    expectStatus(await register(person, event), 201);
    await mail.current.mailsTo(person.email, { count: 2 });
    expectStatus(await organizer.put(`/api/events/${event.id}`, { status: "cancelled" }), 200);
    const mails = await mail.current.mailsTo(person.email, { count: 3 });
    const asked = attached(mails.find(({ subject }) => subject.startsWith("You are registered")));
    const struck = attached(mails.find(({ subject }) => subject.startsWith("Cancelled")));
    assert.deepEqual([asked.method, struck.method], ["REQUEST", "CANCEL"]);
    assert.deepEqual([asked.events[0].uid, struck.events[0].uid], [event.id, event.id]);
    assert.ok(struck.events[0].sequence > asked.events[0].sequence);
    assert.equal(asked.events[0].attendee, `mailto:${person.email}`);
    assert.equal(asked.events[0].organizer, "mailto:events@example.org");
    assert.equal(struck.events[0].status, "CANCELLED");
  });

  test("has a higher SEQUENCE with each mail to a person who leaves and comes back", async () => {
    const person = await signUp(server.current, { name: "Ada" });
    const event = await createEvent(organizer);
    expectStatus(await register(person, event), 201);
    expectStatus(await cancel(person, event), 204);
    expectStatus(await register(person, event), 201);
    const mails = await mail.current.mailsTo(person.email, { count: 4 });
    const files = mails.filter(({ attachments }) => attachments?.length > 0).map(attached);
    assert.deepEqual(files.map(({ method }) => method), ["REQUEST", "CANCEL", "REQUEST"]);
    const [first, struck, again] = files.map(({ events: [entry] }) => entry.sequence);
    assert.ok(first < struck && struck < again, `${first}, ${struck}, ${again}`);
  });

  test("gives names back as they are, quotes and carets and all", async () => {
    const name = 'Ada "^n" L^; ^^';
    const person = await signUp(server.current, { name });
    expectStatus(await register(person, await createEvent(organizer)), 201);
    const mails = await mail.current.mailsTo(person.email, { count: 2 });
    const [entry] = attached(mails.find(({ subject }) => subject.startsWith("You are registered"))).events;
    assert.deepEqual([entry.organizerName, entry.attendeeName], ['Grace "G"; Hopper, Jr', name]);
  });

  test("leads to a page for people, and its default title keeps words apart", async () => {
    const event = await createEvent(organizer, { description: "Agenda\tTalks\u2028Second line" });
    const [entry] = read((await file(event)).text).events;
    assert.equal(entry.url, `https://events.example/#/events/${event.id}`);
    assert.equal(entry.summary, "Agenda Talks");
    assert.ok(entry.description.endsWith("Agenda\tTalks\nSecond line"), entry.description);
  });

  test("is a calendar that programs take while somebody goes to nothing", async () => {
    const person = await signUp(server.current);
    const made = expectStatus(await person.post("/api/me/calendar-key"), 201);
    const path = made.body.url.replace(/^https:\/\/events\.example/, "");
    const { text } = expectStatus(await new Client(server.current).get(path), 200);
    assert.deepEqual(read(text).events, []);
    const [component, ...more] = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents();
    assert.deepEqual([component.name, component.getFirstPropertyValue("tzid"), more], ["vtimezone", "UTC", []]);
  });

  test("holds everything that somebody goes to, for who has the key", async () => {
    const person = await signUp(server.current);
    const events = await Promise.all([1, 2].map(() => createEvent(organizer)));
    for (const event of events) expectStatus(await register(person, event), 201);
    const made = expectStatus(await person.post("/api/me/calendar-key"), 201);
    const path = made.body.url.replace(/^https:\/\/events\.example/, "");
    const fetchFeed = (headers) => new Client(server.current).get(path, headers);
    const feed = await eventually(async () => {
      const answer = expectStatus(await fetchFeed(), 200);
      assert.equal(read(answer.text).events.length, 2);
      return answer;
    });
    const uids = read(feed.text).events.map(({ uid }) => uid);
    assert.deepEqual(uids.sort(), events.map(({ id }) => id).sort());
    expectStatus(await fetchFeed({ "if-none-match": feed.headers.get("etag") }), 304);
    expectStatus(await person.post("/api/me/calendar-key"), 201);
    expectStatus(await fetchFeed(), 404);
    assert.ok(!server.current.output.includes(path.split("key=")[1]), "the key shows in the log");
  });
});
