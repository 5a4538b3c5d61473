// Each provider gets what its API wants of the built Worker: links, the calendar file, further
// headers. The HTTP APIs are doubles on local ports; the binding of Cloudflare's Email Service is
// miniflare's. What somebody can mend waits until it is mended.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { sentMailsTo } from "./support/miniflare.mjs";
import { cancel, createEvent, freshEmail, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { MailgunDouble, PostmarkDouble, SesDouble } from "./support/provider-doubles.mjs";
import { useMiniflare, useWorkerd, useWorkerdWithMail } from "./support/server.mjs";

const MAIL_FROM = '"Événements, Ltd" <events@example.org>';
const LINK = /https:\/\/events\.example\/api\/verify-email\?token=[\w-]{20,}/;

const subjects = (mails) => mails.map(({ subject }) => subject).sort();

/** What is the same whoever carries the mail. `mailsTo(address, count)` gives those that were taken. */
function carries(server, mailsTo, calendarType) {
  test("the link that confirms an address", async () => {
    const { email } = await signUp(server.current);
    const [mail] = await mailsTo(email, 1);
    assert.equal(mail.subject, "Confirm your e-mail address");
    assert.match(mail.text, LINK);
    assert.match(mail.html, LINK);
    assert.ok(mail.from.includes("events@example.org"), mail.from);
    assert.deepEqual(mail.files, []);
  });

  test("the calendar file of a registration, byte by byte", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer, { title: "Tea & <cake> für alle ☕" });
    const person = await signUp(server.current, { name: "Zoë \"Z\" Ångström" });
    expectStatus(await register(person, event), 201);
    const mails = await mailsTo(person.email, 2);
    const { files } = mails.find(({ subject }) => subject === `You are registered: ${event.title}`);
    assert.deepEqual(
      files.map(({ name, type }) => [name, type]),
      [["event.ics", calendarType]],
    );
    assert.match(files[0].content, /^BEGIN:VCALENDAR\r\n[^]*METHOD:REQUEST\r\n[^]*END:VCALENDAR\r\n$/);
    assert.ok(files[0].content.replaceAll("\r\n ", "").includes("SUMMARY:Tea & <cake> für alle ☕\r\n"));
  });

  test("each mail once, in a row for one person", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer, { title: "Twice" });
    const person = await signUp(server.current);
    expectStatus(await register(person, event), 201);
    expectStatus(await cancel(person, event), 204);
    const mails = await mailsTo(person.email, 3);
    const expected = ["Confirm your e-mail address", "Registration cancelled: Twice", "You are registered: Twice"];
    assert.deepEqual(subjects(mails), expected);
  });
}

/** The lines of the log about mail, without what each try adds. */
const mailLines = (server) =>
  server.current.output
    .split("\n")
    .filter((line) => line.startsWith("{") && line.includes('"event":"mail"'))
    .map((line) => JSON.parse(line))
    .map(({ kind, outcome, status, code, missing }) => ({ kind, outcome, status, code, missing }));

describe("Amazon SES carries", { concurrency: true }, () => {
  const { server, mail } = useWorkerdWithMail({ settings: { MAIL_FROM } }, SesDouble);
  carries(server, (address, count) => mail.current.mailsTo(address, count), "text/calendar");
});

describe("Mailgun carries", { concurrency: true }, () => {
  const { server, mail } = useWorkerdWithMail({ settings: { MAIL_FROM } }, MailgunDouble);
  const mailsTo = (address, count) => mail.current.mailsTo(address, count);
  // Node's `File` puts types into lower case.
  carries(server, mailsTo, "text/calendar; charset=utf-8; method=request");

  test("nothing that follows its reader", async () => {
    const { email } = await signUp(server.current);
    const [{ tracking, headers }] = await mailsTo(email, 1);
    assert.equal(tracking, "no");
    assert.match(headers["Message-Id"], /^<[\w-]+@example\.org>$/);
  });
});

describe("Cloudflare's Email Service carries", { concurrency: true }, () => {
  const settings = { MAIL_PROVIDER: "cloudflare", MAIL_FROM };
  const server = useMiniflare({ settings, env: { EMAIL: { type: "send-email" } } });
  const mailsTo = async (address, count) => {
    const mails = await sentMailsTo(server.current, address, count);
    const named = ({ filename: name, contentType: type, content }) => ({ name, type, content });
    return mails.map((mail) => ({ ...mail, files: mail.attachments.map(named) }));
  };
  carries(server, mailsTo, "text/calendar");
});

/** In the place of the Email Service: it knows the sender's domain from the third mail on. */
const UNVERIFIED = `
  import { WorkerEntrypoint } from "cloudflare:workers";
  let asked = 0;
  export class Sender extends WorkerEntrypoint {
    send({ to }) {
      if (asked++ < 2) throw Object.assign(new Error("not verified: " + to), { code: "E_SENDER_NOT_VERIFIED" });
    }
  }
  export default {};`;

describe("A sender that Cloudflare has not verified", () => {
  const sender = {
    name: "sender",
    compatibilityDate: "2026-07-01",
    manifest: { mainModule: "index.js", modules: { "index.js": { type: "esm", contents: UNVERIFIED } } },
    exports: { Sender: { type: "worker" } },
  };
  const env = { EMAIL: { type: "worker", worker: "sender", exportName: "Sender" } };
  const server = useMiniflare({ settings: { MAIL_PROVIDER: "cloudflare" }, env, beside: [sender] });

  test("leaves mail waiting, and it goes out once that is mended", async () => {
    const { email } = await signUp(server.current);
    const tries = await eventually(
      () => {
        const lines = mailLines(server);
        assert.equal(lines.length, 3);
        return lines;
      },
      { within: 45_000 },
    );
    const line = { kind: "confirm_address", missing: null };
    const waiting = { ...line, outcome: "waiting", status: 500, code: "E_SENDER_NOT_VERIFIED" };
    assert.deepEqual(tries, [waiting, waiting, { ...line, outcome: "sent", status: 200, code: null }]);
    assert.ok(!server.current.output.includes(email), "an address shows");
  });
});

describe("What can be mended", { concurrency: true }, () => {
  const ses = useWorkerdWithMail({}, SesDouble);
  const mailgun = useWorkerdWithMail({}, MailgunDouble);
  const postmark = useWorkerdWithMail({}, PostmarkDouble);

  for (const [name, { server, mail }, answer, logged] of [
    [
      "a sender that SES has not verified",
      ses,
      [400, { message: "Email address is not verified. …" }, { "x-amzn-errortype": "MessageRejected" }],
      { status: 400, code: "MessageRejected" },
    ],
    ["a domain that Mailgun does not know", mailgun, [404, { message: "Domain not found" }], { status: 404, code: null }],
    [
      "a sender that Postmark has not verified",
      postmark,
      [422, { ErrorCode: 300, Message: "Invalid 'From' address: it is not a verified sender signature." }],
      { status: 422, code: "300" },
    ],
  ]) {
    test(`waits, and goes out once it is: ${name}`, async () => {
      const email = freshEmail();
      mail.current.answerNext(answer, answer);
      await signUp(server.current, { email });
      await mail.current.mailsTo(email);
      const line = { kind: "confirm_address", missing: null };
      const tries = await eventually(() => {
        const lines = mailLines(server);
        assert.equal(lines.length, 3);
        return lines;
      });
      const waiting = { ...line, ...logged, outcome: "waiting" };
      assert.deepEqual(tries, [waiting, waiting, { ...line, outcome: "sent", status: 200, code: null }]);
      assert.ok(!server.current.output.includes(email), "an address shows");
      for (const [setting, value] of Object.entries(mail.current.settings)) {
        if (!/KEY|TOKEN/.test(setting)) continue;
        assert.ok(!server.current.output.includes(value), `${setting} shows`);
      }
    });
  }
});

describe("A mail that is wrong", () => {
  const { server, mail } = useWorkerdWithMail({}, SesDouble);

  test("is not tried again", async () => {
    const refusal = [400, { message: "Illegal address" }, { "x-amzn-errortype": "BadRequestException" }];
    mail.current.answerNext(refusal);
    await signUp(server.current);
    await eventually(() => {
      const [line] = mailLines(server);
      assert.deepEqual([line?.outcome, line?.code], ["refused", "BadRequestException"]);
    });
    const { email } = await signUp(server.current);
    await mail.current.mailsTo(email);
    assert.deepEqual(mail.current.statuses, [400, 200]);
  });
});

describe("Without its binding", () => {
  const server = useWorkerd({ settings: { MAIL_PROVIDER: "cloudflare" } });

  test("mail for Cloudflare's Email Service waits, and says for what", async () => {
    await signUp(server.current);
    await eventually(() => {
      const [line] = mailLines(server);
      assert.deepEqual([line?.outcome, line?.missing], ["waiting", "EMAIL"]);
    });
  });
});

describe("Postmark's streams", () => {
  const { server, mail } = useWorkerdWithMail({}, PostmarkDouble);

  test("are told apart: letters to everybody go over the broadcast stream", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer, { title: "Talk" });
    const people = await Promise.all([1, 2, 3].map(() => signUp(server.current)));
    for (const person of people) expectStatus(await register(person, event), 201);
    await Promise.all(people.map(({ email }) => mail.current.mailsTo(email, 2)));
    expectStatus(await organizer.delete(`/api/events/${event.id}`), 204);
    for (const { email } of people) {
      const mails = await mail.current.mailsTo(email, 3);
      const streams = Object.fromEntries(mails.map(({ subject, stream }) => [subject, stream]));
      assert.deepEqual(streams, {
        "Confirm your e-mail address": "outbound",
        "You are registered: Talk": "outbound",
        [mails.at(-1).subject]: "broadcasts",
      });
    }
  });
});

describe("Printed mail", () => {
  const server = useWorkerd({ settings: { ALLOW_LOG_MAIL: undefined, PUBLIC_URL: undefined } });

  test("leads to this machine, whose log it is in", async () => {
    const { email } = await signUp(server.current);
    expectStatus(await new Client(server.current).post("/api/password/forgot", { email }), 202);
    const link = `${server.current.url}/api/password/reset?token=`;
    await eventually(() => assert.ok(server.current.output.includes(link), "no link is printed"));
  });
});
