// What mail providers tell, signed as each of them does it, by libraries that are not ours: that of
// Standard Webhooks, and Node's own cryptography.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { eventually } from "./support/eventually.mjs";
import { Client } from "./support/client.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { createEvent, register, registrationsOf, signUp, signUpOrganizer } from "./support/people.mjs";
import { startWorkerd } from "./support/workerd.mjs";

const SECRET = `whsec_${Buffer.from("a secret that resend has made up").toString("base64")}`;
const LOGIN = "hook:a password for the hook";
const MAILGUN_KEY = "a signing key of mailgun";
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail";
const SNS = "https://sns.eu-central-1.amazonaws.com";

const sendgrid = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const sns = generateKeyPairSync("rsa", { modulusLength: 2048 });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** DER: a tag, a length, and what is in it. */
function der(tag, ...parts) {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

/** A certificate of version 3 around a public key; nobody looks at the rest. */
function certificateOf(publicKey) {
  const empty = der(0x30);
  const version = der(0xa0, der(2, Buffer.from([2])));
  const key = publicKey.export({ type: "spki", format: "der" });
  const signed = der(0x30, version, der(2, Buffer.from([1])), empty, empty, empty, empty, key);
  const base64 = der(0x30, signed, empty, der(3, Buffer.from([0]))).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}

/** A message of a topic, signed with this key. */
function published(type, message, { version = "2", key = sns.privateKey, ...more } = {}) {
  const body = {
    Type: type,
    MessageId: "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    TopicArn: TOPIC,
    Message: message,
    Timestamp: new Date().toISOString(),
    SignatureVersion: version,
    SigningCertURL: `${SNS}/SimpleNotificationService-test.pem`,
    ...(type === "Notification"
      ? { Subject: "Amazon SES Email Event Notification" }
      : { Token: "token", SubscribeURL: `${SNS}/?Action=ConfirmSubscription&Token=token` }),
    ...more,
  };
  const signed = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    .filter((name) => body[name] !== undefined)
    .map((name) => `${name}\n${body[name]}\n`)
    .join("");
  body.Signature = sign(version === "1" ? "sha1" : "sha256", signed, key).toString("base64");
  return body;
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

describe("The hook for mail providers", { concurrency: true }, () => {
  const server = {};
  let proxy;
  const fetched = [];

  before(async () => {
    // The runtime tells a proxy the whole address, and no host beside it.
    proxy = createServer({ requireHostHeader: false }, (request, response) => {
      fetched.push(request.url);
      response.end(request.url.endsWith(".pem") ? certificateOf(sns.publicKey) : "<ok/>");
    });
    await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    server.current = await startWorkerd({
      outbound: proxy.address().port,
      settings: {
        RESEND_WEBHOOK_SECRET: SECRET,
        POSTMARK_WEBHOOK_LOGIN: LOGIN,
        SENDGRID_WEBHOOK_KEY: sendgrid.publicKey.export({ type: "spki", format: "der" }).toString("base64"),
        MAILGUN_WEBHOOK_KEY: MAILGUN_KEY,
        SES_TOPIC_ARN: TOPIC,
      },
    });
  });
  after(async () => {
    await server.current?.dispose();
    proxy.close();
  });

  const post = (provider, body, headers = {}) =>
    new Client(server.current).request("POST", `/api/hooks/mail/${provider}`, { body, headers });

  const refuses = async (provider, body, headers) =>
    expectProblem(await post(provider, body, headers), 401, "invalid_signature");

  /** Somebody who is registered; `shows(status)` waits until the organizer sees it. */
  async function participant() {
    const organizer = await signUpOrganizer(server.current);
    const person = await signUp(server.current);
    const event = await createEvent(organizer);
    expectStatus(await register(person, event), 201);
    const seen = async () => (await registrationsOf(organizer, event, "confirmed"))[0].email_status;
    assert.equal(await seen(), "ok");
    return {
      email: person.email,
      shows: (status) => eventually(async () => assert.equal(await seen(), status)),
    };
  }

  test("believes what Resend has signed", async () => {
    const { email, shows } = await participant();
    const body = JSON.stringify({
      type: "email.bounced",
      created_at: new Date().toISOString(),
      data: { email_id: "1", to: [email], bounce: { type: "Permanent", subType: "General", message: "gone" } },
    });
    const signed = (at, text = body, id = "msg_1") => ({
      "svix-id": id,
      "svix-timestamp": String(Math.floor(at / 1000)),
      "svix-signature": new Webhook(SECRET).sign(id, new Date(at), text),
    });
    await refuses("resend", body);
    await refuses("resend", body, signed(Date.now(), `${body} `));
    await refuses("resend", body, signed(Date.now() - 10 * 60_000));
    await refuses("resend", body, { ...signed(Date.now()), "svix-id": "msg_2" });
    const other = new Webhook(Buffer.from("another secret, as long as it").toString("base64"));
    const forged = { ...signed(Date.now()), "svix-signature": other.sign("msg_1", new Date(), body) };
    await refuses("resend", body, forged);
    for (let i = 0; i < 2; i++) expectStatus(await post("resend", body, signed(Date.now())), 200);
    await shows("bounced");
  });

  test("believes whoever logs in as Postmark", async () => {
    const { email, shows } = await participant();
    const body = JSON.stringify({ RecordType: "SpamComplaint", Type: "SpamComplaint", Email: email });
    const basic = (login) => ({ authorization: `Basic ${Buffer.from(login).toString("base64")}` });
    await refuses("postmark", body);
    await refuses("postmark", body, basic(`${LOGIN}!`));
    expectStatus(await post("postmark", body, basic(LOGIN)), 200);
    await shows("complained");
  });

  test("believes what SendGrid has signed", async () => {
    const { email, shows } = await participant();
    const event = { email, event: "bounce", type: "bounce", timestamp: nowSeconds(), sg_event_id: "x" };
    const body = `${JSON.stringify([{ ...event, event: "processed" }, event])}\r\n`;
    const signed = (text, key = sendgrid.privateKey) => {
      const timestamp = String(nowSeconds());
      return {
        "x-twilio-email-event-webhook-timestamp": timestamp,
        "x-twilio-email-event-webhook-signature": sign("sha256", timestamp + text, key).toString("base64"),
      };
    };
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    await refuses("sendgrid", body);
    await refuses("sendgrid", body, signed(`${body} `));
    await refuses("sendgrid", body, signed(body, privateKey));
    // Each signature is another, some with numbers shorter than others.
    for (let i = 0; i < 20; i++) expectStatus(await post("sendgrid", body, signed(body)), 200);
    await shows("bounced");
  });

  test("believes what Mailgun has signed", async () => {
    const { email, shows } = await participant();
    const message = (key) => {
      const [timestamp, token] = [String(nowSeconds()), "0123456789abcdef"];
      const signature = createHmac("sha256", key).update(timestamp + token).digest("hex");
      const data = { event: "failed", severity: "permanent", recipient: email, timestamp: Date.now() / 1000 };
      return JSON.stringify({ signature: { timestamp, token, signature }, "event-data": data });
    };
    await refuses("mailgun", message("another key"));
    expectStatus(await post("mailgun", message(MAILGUN_KEY)), 200);
    await shows("bounced");
  });

  for (const version of ["1", "2"]) {
    test(`believes what SNS has signed (version ${version})`, async () => {
      const { email, shows } = await participant();
      const message = JSON.stringify({
        notificationType: "Bounce",
        bounce: {
          bounceType: "Permanent",
          timestamp: new Date().toISOString(),
          bouncedRecipients: [{ emailAddress: email }],
        },
      });
      const text = { "content-type": "text/plain; charset=UTF-8" };
      const right = published("Notification", message, { version });
      await refuses("ses", JSON.stringify({ ...right, Message: message.replace("Permanent", "permanent") }), text);
      await refuses("ses", JSON.stringify(published("Notification", message, { version, key: stranger.privateKey })));
      await refuses("ses", JSON.stringify(published("Notification", message, { version, TopicArn: `${TOPIC}2` })));
      expectStatus(await post("ses", JSON.stringify(right), text), 200);
      await shows("bounced");
    });
  }

  test("confirms the topic that it was told of, and fetches from nobody but its SNS", async () => {
    const evil = "https://evil.example/SimpleNotificationService-test.pem";
    await refuses("ses", JSON.stringify(published("Notification", "{}", { SigningCertURL: evil })));
    const elsewhere = published("SubscriptionConfirmation", "m", { SubscribeURL: "https://evil.example/" });
    expectStatus(await post("ses", JSON.stringify(elsewhere)), 200);
    const forged = published("SubscriptionConfirmation", "m", { key: stranger.privateKey });
    await refuses("ses", JSON.stringify(forged));
    assert.ok(!fetched.some((url) => url.includes("ConfirmSubscription")));
    const asked = published("SubscriptionConfirmation", "You have chosen to subscribe");
    expectStatus(await post("ses", JSON.stringify(asked)), 200);
    assert.ok(fetched.includes(asked.SubscribeURL), fetched.join("\n"));
    assert.ok(!fetched.some((url) => url.includes("evil")));
  });

  test("takes what it does not know for nothing, and nothing that is too long", async () => {
    const headers = { authorization: `Basic ${Buffer.from(LOGIN).toString("base64")}` };
    for (const body of ["{}", "[]", "null", "no JSON", ""]) {
      expectStatus(await post("postmark", body, headers), 200);
    }
    expectProblem(await post("postmark", "x".repeat(65_537), headers), 413, "body_too_large");
    expectProblem(await post("pigeon", "{}"), 404, "not_found");
  });
});
