// input-accounts.test.mjs: passwords, tokens, links and keys, as people and programs send them.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { JWT_SECRET } from "./support/build.mjs";
import { Client } from "./support/client.mjs";
import { UUID_V7, expectInvalid, expectProblem, expectStatus, expectUnauthenticated } from "./support/expect.mjs";
import { EVENT, freshEmail, logIn, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { useMiniflare, useWorkerd, useWorkerdWithMail } from "./support/server.mjs";
import { decoded, signed } from "./support/tokens.mjs";

describe("A password", () => {
  const server = useWorkerd();

  test("is the same from every keyboard, and no other one is", async () => {
    const visitor = new Client(server.current);
    for (const [password, same, other] of [
      ["pässwörter-eins", ["pa\u0308sswo\u0308rter-eins"], "passworter-eins"],
      ["pa\u0308sswo\u0308rter-zwei", ["pässwörter-zwei"], "pässworter-zwei"],
      ["\u212Bngström-key", ["Ångström-key", "A\u030Angstro\u0308m-key"], "angström-key"],
      ["한글비밀번호".normalize("NFD"), ["한글비밀번호"], "한글비밀번혼"],
      ["q\u0307\u0323 dotted", ["q\u0323\u0307 dotted"], "q\u0323 dotted"],
      ["e\u0301".repeat(36), ["é".repeat(36)], "é".repeat(35)],
      ["ﬁnal-answer", [], "final-answer"],
      ["ｆull-width-１２", [], "full-width-12"],
    ]) {
      const { email } = await signUp(server.current, { password });
      for (const spelling of [password, ...same]) await logIn(server.current, { email, password: spelling });
      expectProblem(await visitor.post("/api/login", { email, password: other }), 401, "invalid_credentials");
    }
    const tooLong = { email: freshEmail(), password: "e\u0301".repeat(37) };
    const long = expectInvalid(await visitor.post("/api/register", tooLong), "password");
    assert.deepEqual(long, { password: "too_long" });
    const tooShort = { email: freshEmail(), password: "e\u0301e\u0301e\u0301a" };
    const short = expectInvalid(await visitor.post("/api/register", tooShort), "password");
    assert.deepEqual(short, { password: "too_short" });
  });

  test("is composed wherever it is asked for", async () => {
    const person = await signUp(server.current, { password: "schlüssel-eins" });
    const change = { current_password: "schlu\u0308ssel-eins", new_password: "schlu\u0308ssel-zwei" };
    expectStatus(await person.put("/api/me/password", change), 204);
    expectStatus(await person.delete("/api/me", {}, { password: "schlüssel-zwei" }), 204);
  });
});

describe("A refresh token", () => {
  const server = useMiniflare({ clock: true });
  const refresh = (token) => new Client(server.current).post("/api/token/refresh", { refresh_token: token });

  test("gives two tabs the same successor, until that one is used", async () => {
    const person = await signUp(server.current);
    const answers = await Promise.all(Array.from({ length: 6 }, () => refresh(person.refreshToken)));
    answers.push(await refresh(person.refreshToken));
    const successors = new Set(answers.map((answer) => expectStatus(answer, 200).body.refresh_token));
    assert.equal(successors.size, 1);
    for (const { body } of answers) {
      expectStatus(await new Client(server.current, { token: body.token }).get("/api/me"), 200);
    }

    const [successor] = successors;
    const next = expectStatus(await refresh(successor), 200).body;
    assert.notEqual(next.refresh_token, successor);
    assert.equal(expectStatus(await refresh(successor), 200).body.refresh_token, next.refresh_token);
    expectProblem(await refresh(person.refreshToken), 401, "invalid_refresh_token");
    expectProblem(await refresh(next.refresh_token), 401, "invalid_refresh_token");
    expectUnauthenticated(await new Client(server.current, { token: next.token }).get("/api/me"));
  });

  test("ends its session once the time of two tabs is over", async () => {
    const person = await signUp(server.current);
    const next = expectStatus(await refresh(person.refreshToken), 200).body;
    await server.current.restart({ CLOCK_AHEAD_MS: "25000" });
    assert.equal(expectStatus(await refresh(person.refreshToken), 200).body.refresh_token, next.refresh_token);
    await server.current.restart({ CLOCK_AHEAD_MS: "32000" });
    expectProblem(await refresh(person.refreshToken), 401, "invalid_refresh_token");
    expectProblem(await refresh(next.refresh_token), 401, "invalid_refresh_token");
  });
});

describe("The link that confirms an address", () => {
  const { server, mail } = useWorkerdWithMail();

  test("is spent by its button alone, however often scanners open it", async () => {
    const person = await signUp(server.current);
    const [{ text }] = await mail.current.mailsTo(person.email);
    const link = new URL(text.match(/https:\/\/\S+\/api\/verify-email\?token=\S+/)[0]);
    const visitor = new Client(server.current);
    const open = (method, headers) => visitor.request(method, link.pathname + link.search, { headers });
    const verified = async () => (await person.get("/api/me")).body.user.email_verified;

    for (const [method, headers] of [
      ["HEAD"],
      ["GET"],
      ["GET", { purpose: "prefetch", "sec-purpose": "prefetch" }],
      ["GET", { "if-none-match": "*" }],
      ["GET", { accept: "application/json" }],
      ["OPTIONS", { origin: "https://app.example", "access-control-request-method": "POST" }],
    ]) {
      const answer = await open(method, headers);
      assert.ok([200, 204, 304].includes(answer.status), `${method} is ${answer.status}`);
      assert.equal(await verified(), false, method);
    }
    const page = expectStatus(await open("GET"), 200).text;
    const [form] = page.match(/<form[^]*<\/form>/);
    const [, action] = form.match(/action="([^"]+)"/);
    const [, token] = form.match(/name="token" value="([^"]+)"/);
    assert.match(form, /method="post"/i);
    const post = () =>
      visitor.request("POST", new URL(action, link).pathname, {
        body: String(new URLSearchParams({ token })),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    expectStatus(await post(), 200);
    assert.equal(await verified(), true);
    expectStatus(await post(), 422);
    expectStatus(await open("GET"), 422);
    expectProblem(await visitor.post("/api/verify-email", { token }), 422, "invalid_token");
  });

  test("shows nothing of a token that somebody made up", async () => {
    const visitor = new Client(server.current);
    for (const token of ['"><script>alert(1)</script>', "%00", "%ED%A0%BD", "x".repeat(4000), ""]) {
      const answer = expectStatus(await visitor.get(`/api/verify-email?token=${token}`), 422);
      assert.doesNotMatch(answer.text, /<script>alert|<form/);
    }
  });
});

describe("A token of ours with more in it", () => {
  const server = useWorkerd();

  test("is refused where ignoring that would be wrong", async () => {
    const { token } = await signUp(server.current);
    const { header, claims } = decoded(token);
    const now = Math.floor(Date.now() / 1000);
    const me = (moreHeader, moreClaims) => {
      const forged = signed({ ...header, ...moreHeader }, { ...claims, ...moreClaims }, JWT_SECRET);
      return new Client(server.current, { token: forged }).get("/api/me");
    };
    expectStatus(await me({}, {}), 200);
    expectStatus(await me({ typ: "JWT" }, { nbf: now - 60, jti: "1" }), 200);
    for (const crit of [["exp"], ["b64"], [], null, "exp", {}]) expectUnauthenticated(await me({ crit }, {}));
    for (const nbf of [now + 60, now + 3600, now + 60.5, 1e18, String(now - 60), true, [now]]) {
      expectUnauthenticated(await me({}, { nbf }));
    }
    expectUnauthenticated(await me({}, { iat: now + 60 }));
    expectUnauthenticated(await me({}, { exp: String(claims.exp) }));
  });
});

describe("An Idempotency-Key", () => {
  const server = useWorkerd({ isolates: 2 });
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
  });

  const create = (key, fields = {}, by = organizer) =>
    by.post("/api/events", { ...EVENT, ...fields }, { "idempotency-key": key });
  const bornAt = (id) => parseInt(id.replaceAll("-", "").slice(0, 12), 16);

  test("gives an id of now, the same for the same key, and no event to another body", async () => {
    const began = Date.now();
    const { event } = expectStatus(await create("one"), 201).body;
    assert.match(event.id, UUID_V7);
    assert.ok(bornAt(event.id) >= began - 1 && bornAt(event.id) <= Date.now() + 1, `${event.id} at ${began}`);
    const again = expectStatus(await create("one", {}, organizer.at(server.current.isolates[1])), 201);
    assert.equal(again.body.event.id, event.id);
    assert.equal(again.headers.get("location"), `/api/events/${event.id}`);
    expectProblem(await create("one", { title: "Another" }), 422, "idempotency_key_reused");
    const spaced = JSON.stringify(EVENT).replace(":", ": ");
    const headers = { "idempotency-key": "one", "content-type": "application/json" };
    const answer = await organizer.request("POST", "/api/events", { body: spaced, headers });
    expectProblem(answer, 422, "idempotency_key_reused");
  });

  test("is its user's own, and hides no time in the id", async () => {
    const other = await signUpOrganizer(server.current);
    const [mine, theirs] = [await create("shared"), await create("shared", {}, other)];
    assert.notEqual(mine.body.event.id, theirs.body.event.id);
    assert.notEqual(mine.body.event.id.slice(-12), theirs.body.event.id.slice(-12));
    assert.ok(Math.abs(bornAt(theirs.body.event.id) - Date.now()) < 5_000);
  });

  test("makes one event of twenty requests at once, at two isolates", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => create("at once", {}, organizer.at(server.current.isolates[n % 2]))),
    );
    assert.equal(new Set(answers.map((answer) => expectStatus(answer, 201).body.event.id)).size, 1);
  });

  test("is not used up by a body with bad fields", async () => {
    expectInvalid(await create("mended", { date: "2030-02-30" }), "date");
    expectStatus(await create("mended"), 201);
  });

  test("may be any header: long, of other bytes, empty, beside a restart, behind a deletion", async () => {
    const strange = ["x".repeat(4_000), "k\u00E9y", "a, b", '"quoted"', "'; DROP TABLE event_keys; --"];
    const made = new Map();
    for (const key of strange) made.set(key, expectStatus(await create(key), 201).body.event.id);
    assert.equal(new Set(made.values()).size, strange.length);
    await server.current.restart();
    organizer = await logIn(server.current, organizer);
    for (const [key, id] of made) assert.equal(expectStatus(await create(key), 201).body.event.id, id, key);
    expectStatus(await organizer.delete(`/api/events/${made.get("a, b")}`), 204);
    expectProblem(await create("a, b"), 404, "not_found");
    const [first, second] = [await create(""), await create("")];
    assert.notEqual(first.body.event.id, second.body.event.id);
  });
});
