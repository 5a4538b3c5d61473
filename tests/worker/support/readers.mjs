// Files as the programs of strangers read them.

import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import ICAL from "ical.js";

/** The rows of a CSV (RFC 4180), without its byte-order mark. */
export const readCsv = (text) => parse(text, { record_delimiter: "\r\n" });

/** What a spreadsheet takes for a formula, wherever it may split the text, quotes or not. */
export function formulasIn(text) {
  const seen = (piece) => piece.replace(/^[\s"\p{C}\p{Default_Ignorable_Code_Point}\u2800]+/u, "");
  return text.split(/[,;|\t\r\n]/).filter((piece) => /^[=+\-@＝＋－＠]/.test(seen(piece)));
}

/** The events of a calendar, each with its people; the lines are those of RFC 5545 §3.1. */
export function readCalendar(text) {
  assert.ok(text.endsWith("\r\n"));
  for (const line of text.split("\r\n")) {
    assert.ok(Buffer.byteLength(line) <= 75, `more than 75 octets: ${line}`);
    assert.doesNotMatch(line, /[\0-\x08\x0a-\x1f\x7f]/);
  }
  const person = (property) => property && { name: property.getParameter("cn"), uri: property.getFirstValue() };
  const calendar = new ICAL.Component(ICAL.parse(text));
  return {
    method: calendar.getFirstPropertyValue("method"),
    events: calendar.getAllSubcomponents("vevent").map((event) => ({
      uid: event.getFirstPropertyValue("uid"),
      sequence: event.getFirstPropertyValue("sequence"),
      summary: event.getFirstPropertyValue("summary"),
      description: event.getFirstPropertyValue("description"),
      organizer: person(event.getFirstProperty("organizer")),
      attendee: person(event.getFirstProperty("attendee")),
    })),
  };
}
