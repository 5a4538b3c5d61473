// A reminder comes a quarter of an hour before the start, and carries the headers with which a mail
// program ends reminders at one click (RFC 8058), whoever carries the mail. Starts are full minutes, so
// the tests wait for the next one, side by side.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { createEvent, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { MailgunDouble, SesDouble } from "./support/provider-doubles.mjs";
import { useMiniflare, useWorkerdWithMail } from "./support/server.mjs";

/** A start whose last reminder is due at the next full minute that is not too close. */
function startsInAQuarter() {
  const minute = Math.ceil((Date.now() + 10_000) / 60_000) * 60_000;
  const [date, time] = new Date(minute + 15 * 60_000).toISOString().split("T");
  return { date, time: time.slice(0, 5), title: "Soon" };
}

describe("A reminder", { concurrency: true }, () => {
  const ses = useWorkerdWithMail({}, SesDouble);
  const mailgun = useWorkerdWithMail({}, MailgunDouble);
  const cloudflare = {
    server: useMiniflare({ settings: { MAIL_PROVIDER: "cloudflare" }, env: { EMAIL: { type: "send-email" } } }),
  };

  for (const [name, { server, mail }] of Object.entries({
    "Amazon SES": ses,
    Mailgun: mailgun,
    "Cloudflare's Email Service": cloudflare,
  })) {
    test(`over ${name} can be ended with one click`, async () => {
      const [organizer, person] = await Promise.all([signUpOrganizer(server.current), signUp(server.current)]);
      const event = await createEvent(organizer, startsInAQuarter());
      expectStatus(await register(person, event), 201);
      const { headers } = await eventually(
        async () => {
          const mails = mail?.current.taken ?? (await server.current.sentMails());
          const reminder = mails.find(({ to, subject }) => to.includes(person.email) && subject === "In 15 minutes: Soon");
          assert.ok(reminder, "no reminder yet");
          return reminder;
        },
        { within: 100_000, every: 250 },
      );
      assert.match(headers["List-Unsubscribe"], /^<https:\/\/events\.example\/api\/events\/.*\/unremind\?key=.*>$/);
      assert.equal(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    });
  }
});
