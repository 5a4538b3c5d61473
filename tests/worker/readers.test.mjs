// readers.test.mjs: lists and calendars of texts that nobody would choose, read back by other people's parsers.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { parse as csvParse } from "csv-parse/sync";
import { csvParse as d3Parse } from "d3-dsv";
import { parseCalendar } from "iamcal";
import ICAL from "ical.js";
import nodeIcal from "node-ical";
import papaparse from "papaparse";
import { convertIcsCalendar } from "ts-ics";
import { expectStatus } from "./support/expect.mjs";
import { createEvent, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const PIECES = [
  "Ada", "Lovelace", " ", ", ", ";", "'", '"', "\\", "^", ":", "|", "/", "é", "ß", "李", "שלום", "👩‍💻", "=1+1", "+", "-2", "@x", "＝1",
  "\\n", "%0A", "<b>", "&amp;", "a".repeat(30), "ｱ", "q\u0307", "#", "BEGIN:VEVENT", "\u2068x\u2069",
];

/** Texts of these pieces, the same in each run. */
function* texts(count, length) {
  let seed = 7;
  const next = (below) => (seed = (seed * 48271) % 2147483647) % below;
  for (let made = 0; made < count; made++) {
    const pieces = Array.from({ length: 1 + next(length) }, () => PIECES[next(PIECES.length)]);
    yield `N${pieces.join("")}`.slice(0, 90).trim();
  }
}

/** A cell as it was before formulas in it were made text. */
const armed = (cell) => cell.replace(/(^|[,;|])'(?=[\s"']*[=+\-@＝＋－＠])/g, "$1");

describe("A list as CSV", () => {
  const server = useWorkerd();
  let organizer, event, names;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    event = await createEvent(organizer);
    names = [...texts(60, 6), "=HYPERLINK(1)", "-1", "@sum", "＝1+1", "a;=1", "a,=1"];
    for (const name of names) {
      const person = await signUp(server.current, { name });
      expectStatus(await register(person, event), 201);
    }
  });

  test("is the same to three readers, and holds every name as it was typed", async () => {
    const { text, headers } = expectStatus(
      await organizer.get(`/api/events/${event.id}/registrations?bom=false`, { accept: "text/csv" }),
      200,
    );
    assert.match(headers.get("content-type"), /^text\/csv; ?charset=utf-8/i);
    const rows = csvParse(text, { columns: true, record_delimiter: "\r\n" });
    assert.equal(rows.length, names.length);
    assert.deepEqual(papaparse.parse(text, { header: true, skipEmptyLines: true }).data, rows);
    assert.deepEqual([...d3Parse(text)].map((row) => ({ ...row })), rows);
    assert.deepEqual(rows.map(({ name }) => armed(name)), names);
  });
});

describe("A calendar", () => {
  const server = useWorkerd();
  let organizer;

  before(async () => (organizer = await signUpOrganizer(server.current, { name: 'G^r"a;c:e, H' })));

  /** What four parsers find in a file: id, start and title of each event. */
  function read(text) {
    const found = [];
    const calendar = new ICAL.Component(ICAL.parse(text));
    found.push(calendar.getAllSubcomponents("vevent").map((component) => {
      const event = new ICAL.Event(component);
      return [event.uid, event.startDate.toJSDate().toISOString(), event.summary];
    }));
    const nodes = Object.values(nodeIcal.sync.parseICS(text)).filter(({ type }) => type === "VEVENT");
    found.push(nodes.map(({ uid, start, summary }) => [uid, start.toISOString(), summary]));
    const { events = [] } = convertIcsCalendar(undefined, text);
    found.push(events.map(({ uid, start, summary }) => [uid, start.date.toISOString(), summary]));
    const read = parseCalendar(text).getEvents();
    found.push(read.map((event) => [event.getUid(), event.getStart().getDate().toISOString(), event.getSummary()]));
    return found;
  }

  test("is the same to four parsers, whatever its title", async () => {
    for (const text of texts(60, 8)) {
      // Faults of these parsers: one takes an escaped backslash before an n for an escaped line end, one a BEGIN within
      // a text for the beginning of an event.
      const title = text.replaceAll("\\n", "/n").replaceAll("BEGIN:", "BEGIN ");
      const event = await createEvent(organizer, { title, description: `${title}\r\n${title}\u2028,;\\` });
      const file = expectStatus(await organizer.get(`/api/events/${event.id}/calendar.ics`), 200);
      const whole = [event.id, new Date(event.starts_at).toISOString(), title.replace(/\s+/g, " ")];
      assert.deepEqual(read(file.text), [[whole], [whole], [whole], [whole]], title);
    }
  });

  test("without events is one all the same", async () => {
    const person = await signUp(server.current);
    const { url } = expectStatus(await person.post("/api/me/calendar-key"), 201).body;
    const { pathname, search } = new URL(url);
    const { text } = expectStatus(await person.get(pathname + search), 200);
    assert.deepEqual(read(text), [[], [], [], []]);
  });
});
