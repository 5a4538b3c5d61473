// What most tests begin with: people who signed up, events, registrations.

import assert from "node:assert/strict";
import { Client } from "./client.mjs";

export const PASSWORD = "correct horse battery";

let people = 0;

/** An address that no other test in this process uses. */
export const freshEmail = (name = "person") => `${name}-${++people}@example.com`;

/** Signs up and logs in; the client knows its `email`, `password` and `user`. */
export async function signUp(server, { email = freshEmail(), password = PASSWORD, ...rest } = {}) {
  const answer = await new Client(server).post("/api/register", { email, password, ...rest });
  assert.equal(answer.status, 201, `sign-up of ${email}: ${answer.text}`);
  return logIn(server, { email, password });
}

export async function logIn(server, { email, password = PASSWORD }) {
  const answer = await new Client(server).post("/api/login", { email, password });
  assert.equal(answer.status, 200, `login of ${email}: ${answer.text}`);
  const { token, refresh_token: refreshToken, user } = answer.body;
  return new Client(server, { token, refreshToken, user, email, password });
}

export const signUpOrganizer = (server, details) => signUp(server, { role: "organizer", ...details });

/** Signs up `count` attendees, a few at a time, so that the flood is the test's own. */
export async function signUpMany(server, count, { atOnce = 16 } = {}) {
  const attendees = [];
  let left = count;
  const signUpSome = async () => {
    while (left-- > 0) attendees.push(await signUp(server));
  };
  await Promise.all(Array.from({ length: atOnce }, signUpSome));
  return attendees;
}

/** The smallest event that the contract allows. */
export const EVENT = { date: "2030-06-01", time: "18:00", description: "An evening of talks" };

/** Creates an event and gives it as the answer shows it. */
export async function createEvent(organizer, fields = {}) {
  const answer = await organizer.post("/api/events", { ...EVENT, ...fields });
  assert.equal(answer.status, 201, `creation: ${answer.text}`);
  return answer.body.event;
}

export const register = (person, event) => person.post(`/api/events/${event.id}/register`);
export const cancel = (person, event) => person.delete(`/api/events/${event.id}/register`);
export const ownRegistration = (person, event) => person.get(`/api/events/${event.id}/register`);

/** What the organizer sees: the registrations of one status, those that wait in their order. */
export async function registrationsOf(organizer, event, status) {
  const path = `/api/events/${event.id}/registrations?status=${status}`;
  const registrations = await walk(organizer, path, "registrations");
  return registrations.sort((a, b) => a.position - b.position);
}

/** Every item of a paged list, `thing` being the list's name in the answer. */
export async function walk(client, path, thing, limit = 200) {
  const items = [];
  let cursor = null;
  do {
    const page = new URLSearchParams({ limit, ...(cursor && { cursor }) });
    const answer = await client.get(`${path}${path.includes("?") ? "&" : "?"}${page}`);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    items.push(...answer.body[thing]);
    cursor = answer.body.next_cursor;
  } while (cursor !== null);
  return items;
}
