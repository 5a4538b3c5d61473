// Mails to the participants of an event, through a mail API with troubles and over the death of the
// runtime: each arrives once, in order, and nobody's registration waits for it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { createEvent, register, signUpMany, signUpOrganizer } from "./support/people.mjs";
import { useWorkerdWithMail } from "./support/server.mjs";

const PROMPT_MS = 2_000;
const PATIENCE_MS = 90_000;

/** The subjects that somebody was sent about events, in order. */
const subjects = (mailApi, { email }) =>
  mailApi
    .deliveredTo(email)
    .map(({ subject }) => subject.split(":")[0])
    .filter((subject) => subject !== "Confirm your e-mail address");

/** Everybody was sent exactly this about the event, and each try of a mail had one key and one body. */
async function expectLetters(mailApi, people, expected) {
  await eventually(
    () => {
      for (const person of people) assert.deepEqual(subjects(mailApi, person), expected, person.email);
    },
    { within: PATIENCE_MS },
  );
  const bodies = new Map();
  for (const { headers, text } of mailApi.attempts) {
    const key = headers["idempotency-key"];
    assert.ok(key, "each try has an idempotency key");
    assert.equal(bodies.get(key) ?? text, text, `${key} was tried with another body`);
    bodies.set(key, text);
  }
}

const cancelEvent = async (organizer, event) =>
  expectStatus(await organizer.put(`/api/events/${event.id}`, { status: "cancelled" }), 200);

const deleteEvent = async (organizer, event) =>
  expectStatus(await organizer.delete(`/api/events/${event.id}`), 204);

async function registerPromptly(person, event) {
  const begun = performance.now();
  expectStatus(await register(person, event), 201);
  const took = performance.now() - begun;
  assert.ok(took < PROMPT_MS, `registering took ${took} ms`);
}

describe("Letters to participants", { concurrency: true }, () => {
  const { server, mail } = useWorkerdWithMail();

  test("arrive once and in order through all troubles, and hold up no registration", async () => {
    const organizer = await signUpOrganizer(server.current);
    const people = await signUpMany(server.current, 6);
    for (const { email } of people) await mail.current.mailsTo(email);
    const event = await createEvent(organizer, { title: "Troubles" });
    // Each of them once at the first letter of somebody, and once at the second of somebody else.
    const troubles = [500, 429, "reset", "hang", "drip", "lost"];
    people.forEach(({ email }, index) => {
      mail.current.failNext(email, troubles[index], undefined, troubles[(index + 3) % troubles.length]);
    });
    for (const person of people) await registerPromptly(person, event);
    await cancelEvent(organizer, event);
    await expectLetters(mail.current, people, ["You are registered", "Cancelled"]);
  });

  test("to one bad address stand in nobody's way", async () => {
    const organizer = await signUpOrganizer(server.current);
    const [bad, ...good] = await signUpMany(server.current, 4);
    const event = await createEvent(organizer, { title: "Bad address" });
    mail.current.failAlways(bad.email, 422);
    for (const person of [bad, ...good]) await registerPromptly(person, event);
    await deleteEvent(organizer, event);
    await expectLetters(mail.current, good, ["You are registered", "Deleted"]);
    assert.deepEqual(subjects(mail.current, bad), []);
    assert.match(server.current.output, /"kind":"event_deleted".*"outcome":"refused"/);
    assert.ok(!server.current.output.includes(bad.email), "an address shows");
  });

  test("carry a link that ends the registration, once its button is pressed", async () => {
    const organizer = await signUpOrganizer(server.current);
    const [person] = await signUpMany(server.current, 1);
    const event = await createEvent(organizer, { title: "Links" });
    await registerPromptly(person, event);
    await expectLetters(mail.current, [person], ["You are registered"]);
    const { text } = mail.current.deliveredTo(person.email).at(-1);
    const link = text.match(/https:\/\/events\.example(\/\S+\/cancel\?key=\S+)/)[1];
    const page = expectStatus(await organizer.get(link), 200);
    assert.match(page.text, /<form method="post">/);
    expectStatus(await person.get(`/api/events/${event.id}/register`), 200);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expectStatus(await organizer.request("POST", link, { body: "", headers: form }), 200);
    expectStatus(await person.get(`/api/events/${event.id}/register`), 404);
    await expectLetters(mail.current, [person], ["You are registered", "Registration cancelled"]);
    assert.ok(!server.current.output.includes(link.split("key=")[1]), "the key shows in the log");
  });
});

describe("Letters to participants", () => {
  const { server, mail } = useWorkerdWithMail();

  async function crash() {
    await server.current.kill9();
    await server.current.start();
  }

  test("survive a kill -9 right after the answer, and in the middle of their delivery", async () => {
    const organizer = await signUpOrganizer(server.current);
    const people = await signUpMany(server.current, 16);
    const event = await createEvent(organizer, { title: "Crashes" });
    await Promise.all(people.map((person) => registerPromptly(person, event)));
    await expectLetters(mail.current, people, ["You are registered"]);
    people.forEach(({ email }, index) => {
      if (index % 4 === 0) mail.current.failNext(email, "lost");
    });
    await deleteEvent(organizer, event);
    await crash();
    const told = () => people.filter((person) => subjects(mail.current, person).length === 2).length;
    for (const some of [2, 7]) {
      await eventually(() => assert.ok(told() >= some), { within: PATIENCE_MS });
      await crash();
    }
    await expectLetters(mail.current, people, ["You are registered", "Deleted"]);
  });
});
