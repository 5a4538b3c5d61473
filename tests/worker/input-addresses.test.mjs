// input-addresses.test.mjs: addresses, links and paths in every spelling.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client, rawRequest } from "./support/client.mjs";
import { expectInvalid, expectProblem, expectStatus } from "./support/expect.mjs";
import { EVENT, PASSWORD, createEvent, logIn, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { readCalendar } from "./support/readers.mjs";
import { useWorkerd, useWorkerdWithMail } from "./support/server.mjs";

const draft = (organizer, fields) => organizer.post("/api/events", { ...EVENT, status: "draft", ...fields });

describe("An address", () => {
  const { server, mail } = useWorkerdWithMail();
  let visitor;
  const signUpWith = (email) => visitor.post("/api/register", { email, password: PASSWORD });

  before(() => {
    visitor = new Client(server.current);
  });

  test("in any script and its ASCII form are one account, shown as it was typed first", async () => {
    for (const [typed, shown, ...others] of [
      ["info@exämple.de", "info@exämple.de", "info@xn--exmple-cua.de", "INFO@EXA\u0308MPLE.DE ", "info@ｅｘäｍｐｌｅ.de"],
      ["info@xn--fa-hia.de", "info@xn--fa-hia.de", "info@faß.de"],
      ["ada@例え。テスト", "ada@例え。テスト", "ada@例え.テスト", "ada@XN--r8jz45g.xn--zckzah"],
      ["Info@ΒΌΛΟΣ.example", "info@βόλοσ.example", "info@ΒΌΛΟΣ.example"],
      ["ada@bücher.example", "ada@bücher.example", "ada@xn--bcher-kva.example"],
    ]) {
      assert.equal(expectStatus(await signUpWith(typed), 201).body.user.email, shown);
      for (const email of others) {
        expectProblem(await signUpWith(email), 409, "email_taken");
        assert.equal((await logIn(server.current, { email })).user.email, shown);
      }
    }
    expectStatus(await signUpWith("info@fass.de"), 201);
  });

  test("is made once by sign-ups of all its spellings at the same moment", async () => {
    const spellings = ["a@müller.example", "a@xn--mller-kva.example", "A@MU\u0308LLER.EXAMPLE", "a@ｍüller.example"];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => signUpWith(spellings[n % 4])));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    assert.equal(answers.filter(({ status }) => status === 409).length, 19);
  });

  test("that mail cannot reach is refused", async () => {
    for (const email of [
      "ada@exam_ple.com",
      "ada@_dmarc.example.com",
      "ada@example.123",
      "ada@127.0.0.1",
      "ada@[127.0.0.1]",
      "ada@[IPv6:::1]",
      "ada@0x7f000001",
      "ada@example.0x1f",
      "ada@1.2.3.4.5",
      "ädä@example.com",
      "ſam@example.com",
      "ａda@example.com",
      "ada＠example.com",
      "\uFEFFada@example.com",
      "ada@exa\u00ADmple.com",
      "ada@\u202Eexample.com",
      "ada@ex%61mple.com",
      "ada@example.com:25",
      "ada@example.com/x",
      "ada@example.com\\x",
      "ada@-example.com",
      "ada@example.com.",
      "ada@ex\tample.com",
      `ada@${"x".repeat(64)}.com`,
      `ada@${"ü".repeat(60)}.com`,
      "ada@xn--.com",
    ]) {
      assert.deepEqual(expectInvalid(await signUpWith(email), "email"), { email: "invalid_email" }, email);
    }
  });

  test("has letters of ASCII alone before the @, not what only becomes one in lower case", async () => {
    expectInvalid(await signUpWith("\u212Aate@example.com"), "email");
  });

  test("has a domain whose ASCII form means something", async () => {
    for (const email of ["ada@xn--a.com", "ada@xn--0.com", "ada@xn--a-ecp.ru"]) {
      expectInvalid(await signUpWith(email), "email");
    }
  });

  test("is written to in ASCII, from whichever spelling", async () => {
    expectStatus(await signUpWith("post@grüße.example"), 201);
    const ascii = "post@xn--gre-6ka8l.example";
    assert.equal((await mail.current.mailsTo(ascii)).length, 1);
    expectStatus(await visitor.post("/api/password/forgot", { email: ascii }), 202);
    await mail.current.mailsTo(ascii, { count: 2 });
  });

  test("stands in a calendar in ASCII, as a URI must", async () => {
    const organizer = await signUpOrganizer(server.current);
    const person = await signUp(server.current, { email: "kalender@grüße.example" });
    expectStatus(await register(person, await createEvent(organizer)), 201);
    const mails = await mail.current.mailsTo("kalender@xn--gre-6ka8l.example", { count: 2 });
    const [file] = mails.find(({ subject }) => subject.startsWith("You are registered")).attachments;
    const [entry] = readCalendar(Buffer.from(file.content, "base64").toString()).events;
    assert.equal(entry.attendee.uri, "mailto:kalender@xn--gre-6ka8l.example");
  });
});

describe("A join link", () => {
  const server = useWorkerd();
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
  });

  /** What is kept of a link, which everybody's parser must take; `undefined` if it is refused. */
  async function kept(join_url) {
    const answer = await draft(organizer, { join_url });
    if (answer.status !== 201) {
      assert.deepEqual(expectInvalid(answer, "join_url"), { join_url: "invalid_url" });
      return undefined;
    }
    const link = answer.body.event.join_url;
    assert.ok(URL.canParse(link), `${link} is no URL`);
    assert.equal(new URL(link).protocol, "https:");
    assert.match(link, /^[\x21-\x7e]+$/);
    return link;
  }

  test("is refused where no browser would follow it, or two would differ", async () => {
    for (const link of [
      "https://meet.example:abc",
      "https://meet.example:65536",
      "https://meet.example:٨٠",
      "https://[zz]/",
      "https://[1::2::3]/",
      "https://[::1]:99999",
      "https://[fe80::1%25en0]/",
      "https://256.256.256.256/",
      "https://1.2.3.4.5",
      "https://１.２.３.４.５/",
      "https://a.09/",
      "https://a.0x1",
      "https://exa mple.com",
      "https://a%40b.com/",
      "https://a%2Fb.com/",
      "https://a<b>.com",
      "https://a|b.com",
      "https://h／x",
      "https://h＠evil.example/",
      "https://℀.com/",
      "https://user:pw@h/",
      "https://h\\@evil.example/",
      "https:h",
      "https:////h",
      "http://h/",
      "ftp://h/",
      " https://h/",
      "https://h/\n",
      "https://h/a b",
      "https://h/\u200B",
      "https://h\u00AD.example/",
      "https://h/\u202E",
      "https://h/\u3164",
      `https://h/${"ü".repeat(350)}`,
      `https://h/${"a".repeat(2039)}`,
    ]) {
      assert.equal(await kept(link), undefined, link);
    }
  });

  test("keeps a host of any script in ASCII", async () => {
    for (const [link, expected] of [
      ["https://exämple.de/räum?ö#ü", "https://xn--exmple-cua.de/r%C3%A4um?%C3%B6#%C3%BC"],
      ["https://EXA\u0308MPLE.de:8443/", "https://xn--exmple-cua.de:8443/"],
      ["https://会議。example/", "https://xn--6oqw48l.example/"],
      ["https://ß.example/", "https://xn--zca.example/"],
      ["https://１.２.３.４/", "https://1.2.3.4/"],
      ["https://😀.example/", "https://xn--e28h.example/"],
      ["https://h/%zz?a=%#\"<>", "https://h/%zz?a=%#\"<>"],
      ["https://h:65535", "https://h:65535"],
      ["HTTPS://[2001:DB8::1]:8443/a", "HTTPS://[2001:DB8::1]:8443/a"],
      [`https://h/${"a".repeat(2038)}`, `https://h/${"a".repeat(2038)}`],
      ["https://xn--exmple-cua.de/", "https://xn--exmple-cua.de/"],
    ]) {
      assert.equal(await kept(link), expected);
    }
  });

  test("whose host only looks like Punycode is refused", async () => {
    for (const link of [
      "https://xn--a/",
      "https://XN--A.com/",
      "https://a.xn--0.com/",
      "https://xn--a-ecp.ru/",
      "https://xn--.com/",
      "https://%78n--a/",
    ]) {
      assert.equal(await kept(link), undefined, link);
    }
  });

  test("that is accepted parses everywhere, whatever is put together", async () => {
    let seed = 20261201;
    const random = (n) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % n;
    const pick = (list) => list[random(list.length)];
    const hosts = "h ä XN-- xn--exmple-cua 1 0x7f 256 会 ß - _ a\u0301 ％ %41 😀 ١ ª א ﬀ".split(" ");
    const ends = ["", ..."/ : :0 :443 :65536 :1a /ä ? # /% /.. /\u{10FFFF} /[ //".split(" ")];
    for (let n = 0; n < 200; n++) {
      const host = Array.from({ length: 1 + random(3) }, () => pick(hosts) + pick(["", pick(hosts)]));
      await kept(`https://${host.join(pick([".", "。", "."]))}${pick(ends)}`);
    }
  });
});

describe("A path", () => {
  const server = useWorkerd();

  test("is the same with letters, digits and - . _ ~ encoded, and nothing else is", async () => {
    const organizer = await signUpOrganizer(server.current);
    const { id } = await createEvent(organizer);
    const encoded = [...id].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("");
    const status = async (path) => (await rawRequest(server.current, "GET", path, [])).status;
    for (const path of [
      `/api/events/%30${id.slice(1)}`,
      `/api/events/${encoded}`,
      `/api/events/${encoded.replaceAll("%2d", "%2D")}`,
      `/%61pi/%65vents/${id}/calendar%2Eics`,
      `/api/events/${id.replaceAll("-", "%2D")}?%71=1`,
      "/api/h%65alth",
    ]) {
      assert.equal(await status(path), 200, path);
    }
    for (const path of [
      `/api%2Fevents/${id}`,
      `/api/events%2f${id}`,
      `/api/events/%2530${id.slice(1)}`,
      `/api/events/${id}%20`,
      `/api/events/${id}%00`,
      `/api/events/%EF%BC%90${id.slice(1)}`,
      `/api/events/${id.replace(/[a-f]/, (c) => `%${c.toUpperCase().charCodeAt(0).toString(16)}`)}`,
      "/api/health%",
      "/api/health%5",
      "/api/events/..%2Fhealth",
    ]) {
      assert.equal(await status(path), 404, path);
    }
    const write = await organizer.put(`/api/events/${encoded}`, { title: "Encoded" });
    assert.equal(expectStatus(write, 200).body.event.id, id);
    expectStatus(await organizer.post(`/api/events/${encoded}/register`), 201);
  });
});
