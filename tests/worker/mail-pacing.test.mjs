// The mail of many events leaves at one pace, the more urgent first. The mail API is a double of Resend's
// that refuses what comes faster than five requests a second.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { createEvent, register, signUp, signUpMany, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd, useWorkerdWithMail } from "./support/server.mjs";

const EVENTS = 8;
const PEOPLE = 10;

describe("The mail of a deployment", () => {
  const { server, mail } = useWorkerdWithMail({ perSecond: 5 });

  test("shares one pace, arrives once each, and the more urgent first", async () => {
    const organizer = await signUpOrganizer(server.current);
    const people = await signUpMany(server.current, PEOPLE);
    for (const { email } of people) await mail.current.mailsTo(email);
    const events = [];
    for (let i = 0; i < EVENTS; i++) events.push(await createEvent(organizer, { title: `Event ${i}` }));
    // A mail with a calendar file is a request by itself: twenty seconds of mail from eight objects.
    await Promise.all(
      events.flatMap((event) => people.map(async (person) => expectStatus(await register(person, event), 201))),
    );
    await eventually(() => assert.ok(letters().length > 0, "the first letters have left"));
    const impatient = await signUp(server.current);
    await mail.current.mailsTo(impatient.email);
    const confirmedAfter = letters().length;
    await eventually(() => assert.equal(letters().length, EVENTS * PEOPLE), { within: 90_000 });

    assert.ok(confirmedAfter < (EVENTS * PEOPLE) / 2, `the sign-up waited for ${confirmedAfter} letters`);
    for (const person of people) {
      const subjects = letters().filter(({ to }) => to[0].includes(person.email));
      assert.equal(new Set(subjects.map(({ subject }) => subject)).size, EVENTS, "one of each event");
    }
    // Requests that were delayed on their way may be refused now and then; without a pace most would be.
    const refused = mail.current.attempts.filter(({ fault }) => fault === 429).length;
    assert.ok(refused <= EVENTS, `${refused} requests came too fast`);
  });

  const letters = () => mail.current.delivered.filter(({ subject }) => subject.startsWith("You are registered"));
});

describe("Mail that is only printed", () => {
  const server = useWorkerd({ around: ["counting.js"] });

  test("has no pace, and nobody is asked for one", async () => {
    const { email } = await signUp(server.current);
    await eventually(() => assert.match(server.current.output, /--- mail ---/));
    assert.match(server.current.output, new RegExp(`To: .*${email}`));
    assert.ok(server.current.asked("Account") > 0);
    assert.equal(server.current.asked("MailPacer"), 0);
  });
});

describe("Mail that a provider carries", () => {
  const { server, mail } = useWorkerdWithMail({ around: ["counting.js"] });

  test("leaves once the pacer has said so", async () => {
    const { email } = await signUp(server.current);
    await mail.current.mailsTo(email);
    assert.ok(server.current.asked("MailPacer") > 0);
  });
});
