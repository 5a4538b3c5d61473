// The confirmation mail reaches its address once, whatever the mail API does, and nobody waits for
// it. The mail API is a double of Resend's on a local port.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JWT_SECRET } from "./support/build.mjs";
import { Client } from "./support/client.mjs";
import { eventually, pause } from "./support/eventually.mjs";
import { expectStatus } from "./support/expect.mjs";
import { PASSWORD, freshEmail, logIn, signUp } from "./support/people.mjs";
import { useWorkerd, useWorkerdWithMail } from "./support/server.mjs";

const PROMPT_MS = 2_000;

/** How long a second mail would have to show itself. */
const QUIET_MS = 1_500;

/** The answer must come at once, whatever happens to the mail. */
async function signUpPromptly(server, email = freshEmail()) {
  const begun = performance.now();
  const answer = await new Client(server).post("/api/register", { email, password: PASSWORD });
  expectStatus(answer, 201);
  const took = performance.now() - begun;
  assert.ok(took < PROMPT_MS, `the sign-up took ${took} ms`);
  return email;
}

/** Waits for the mail, and then for the second one that must not come. */
async function expectExactlyOne(mailApi, address) {
  await mailApi.mailsTo(address);
  await pause(QUIET_MS);
  const delivered = mailApi.deliveredTo(address);
  assert.equal(delivered.length, 1);
  const attempts = mailApi.attemptsFor(address);
  const keys = new Set(attempts.map(({ headers }) => headers["idempotency-key"]));
  assert.deepEqual([...keys], [delivered[0].key], "each try has the same idempotency key");
  assert.equal(new Set(attempts.map(({ text }) => text)).size, 1, "each try has the same body");
  return { mail: delivered[0], attempts };
}

describe("The confirmation mail", { concurrency: true }, () => {
  const { server, mail } = useWorkerdWithMail();

  test("goes to the new address with a link that confirms it", async () => {
    const address = await signUpPromptly(server.current);
    const sent = await expectExactlyOne(mail.current, address);
    assert.deepEqual([sent.mail.to].flat(), [address]);
    assert.equal(sent.mail.from, mail.current.settings.MAIL_FROM);
    assert.ok(sent.mail.subject);
    const link = /https:\/\/events\.example\/api\/verify-email\?token=[\w-]{20,}/;
    assert.match(sent.mail.text, link);
    assert.match(sent.mail.html, link);
    assert.equal(sent.attempts.length, 1);
    const { headers } = sent.attempts[0];
    assert.ok(headers["user-agent"]);
    assert.match(headers["content-type"], /^application\/json\b/);
  });

  test("goes to the address as it is normalised", async () => {
    const address = freshEmail();
    await signUpPromptly(server.current, ` ${address.toUpperCase()}`);
    await expectExactlyOne(mail.current, address);
  });

  test("does not go out again for a sign-up that is refused", async () => {
    const address = await signUpPromptly(server.current);
    const again = { email: address, password: PASSWORD };
    expectStatus(await new Client(server.current).post("/api/register", again), 409);
    await expectExactlyOne(mail.current, address);
  });

  for (const [trouble, faults] of Object.entries({
    fails: [500, 503],
    "asks for patience": [429],
    "never answers": ["hang"],
    "breaks the connection": ["reset", "reset"],
    "takes the mail but breaks the connection": ["lost"],
    "takes the mail and drips its answer": ["drip"],
    "has all of its troubles in turn": [500, "reset", 429, "lost"],
  })) {
    test(`arrives once after an API that ${trouble}`, async () => {
      const address = freshEmail();
      mail.current.failNext(address, ...faults);
      await signUpPromptly(server.current, address);
      const { attempts } = await expectExactlyOne(mail.current, address);
      assert.deepEqual(
        attempts.map(({ fault }) => fault),
        [...faults, undefined],
      );
    });
  }

  test("is not tried again before the time that Retry-After names", async () => {
    const address = freshEmail();
    mail.current.failNext(address, 429);
    await signUpPromptly(server.current, address);
    const { attempts } = await expectExactlyOne(mail.current, address);
    assert.ok(attempts[1].at - attempts[0].at >= 950, "the second try came after a second");
  });

  test("holds up neither its person nor others while the API hangs", async () => {
    const addresses = Array.from({ length: 5 }, () => freshEmail());
    for (const address of addresses) mail.current.failAlways(address, "hang");
    await Promise.all(addresses.map((address) => signUpPromptly(server.current, address)));
    await Promise.all(addresses.map((email) => logIn(server.current, { email })));
  });
});

describe("The confirmation mail", () => {
  const { server, mail } = useWorkerdWithMail();

  async function crash(address) {
    await server.current.kill9();
    mail.current.recover(address);
    await server.current.start();
  }

  test("survives a kill -9 before it was taken", async () => {
    const address = freshEmail();
    mail.current.failAlways(address, 500);
    await signUpPromptly(server.current, address);
    await crash(address);
    await expectExactlyOne(mail.current, address);
  });

  test("is not doubled by a kill -9 while the API was taking it", async () => {
    const address = freshEmail();
    mail.current.failAlways(address, "lost");
    await signUpPromptly(server.current, address);
    await eventually(() => assert.equal(mail.current.deliveredTo(address).length, 1));
    await crash(address);
    await expectExactlyOne(mail.current, address);
  });

  test("and the server's output hold nothing secret", async () => {
    const password = "whispered only once";
    const { email, token } = await signUp(server.current, { password });
    const [sent] = await mail.current.mailsTo(email);
    const secrets = [password, JWT_SECRET, token, mail.current.settings.MAIL_API_KEY];
    const { output } = server.current;
    for (const text of [JSON.stringify(sent), output]) {
      for (const secret of secrets) assert.ok(!text.includes(secret), "a secret shows");
      assert.doesNotMatch(text, /\$2[aby]\$\d\d\$/, "a hash shows");
    }
    const [oneTimeToken] = sent.text.match(/(?<=token=)[\w-]+/);
    assert.ok(!output.includes(oneTimeToken), "the one-time token shows");
    assert.ok(!output.includes(email), "an address shows");
  });
});

describe("Without a mail API that answers or a key for it", () => {
  const settings = { MAIL_PROVIDER: "resend", MAIL_API_URL: "http://127.0.0.1:9" };
  const server = useWorkerd({ settings });

  test("a sign-up is answered as with one", () => signUpPromptly(server.current));
});
