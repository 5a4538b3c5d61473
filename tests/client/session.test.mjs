// The typed client's sessions against the real Worker: who renews a token, when, and how often.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { eventPlatform, granted, inMemory, Refused, Sessions } from "../../clients/typescript/index.ts";
import { freshEmail, PASSWORD, signUp } from "../worker/support/people.mjs";
import { useWorkerd } from "../worker/support/server.mjs";

const REFUSED = "not.a.token";

describe("The typed client's sessions", () => {
  const server = useWorkerd();
  const { fetch } = globalThis;
  let calls;
  /** May answer in the platform's place. */
  let between;

  beforeEach(() => {
    calls = [];
    between = () => undefined;
    globalThis.fetch = async (...args) => {
      const request = new Request(...args);
      const call = `${request.method} ${new URL(request.url).pathname}`;
      calls.push(call);
      return (await between(call)) ?? fetch(request);
    };
  });
  afterEach(() => {
    globalThis.fetch = fetch;
  });

  const made = (call) => calls.filter((other) => other === call).length;
  const renewals = () => made("POST /api/token/refresh");

  function tab(store) {
    const baseUrl = server.current.url;
    const sessions = new Sessions(store, { baseUrl });
    return { store, sessions, platform: eventPlatform({ baseUrl, sessions }) };
  }

  async function logIn(store = inMemory(), email = freshEmail("tab")) {
    await signUp(server.current, { email });
    const mine = tab(store);
    await mine.sessions.begin(await granted(mine.platform.POST("/api/login", { body: { email, password: PASSWORD } })));
    calls.length = 0;
    return { ...mine, email };
  }

  const change = async (store, fields) => store.set({ ...(await store.get()), ...fields });
  const runOut = (store) => change(store, { expires_at: Date.now() - 1 });

  test("a good token is not renewed", async () => {
    const { platform, email } = await logIn();
    const { user } = await granted(platform.GET("/api/me"));
    assert.equal(user.email, email);
    assert.deepEqual(calls, ["GET /api/me"]);
  });

  test("twenty calls of two clients wait for one renewal", async () => {
    const { store, platform } = await logIn();
    const other = tab(store);
    const before = store.get();
    await runOut(store);
    const asked = Array.from({ length: 10 }, () => [platform, other.platform]).flat();
    await Promise.all(asked.map((client) => granted(client.GET("/api/me"))));
    assert.equal(renewals(), 1);
    assert.equal(made("GET /api/me"), 20);
    assert.notEqual(store.get().refresh_token, before.refresh_token);
    assert.ok(store.get().expires_at > Date.now() + 3_500_000);
  });

  test("a public read is never made with a token that has run out, which would hide what is one's own", async () => {
    const { store, platform } = await logIn();
    await runOut(store);
    await granted(platform.GET("/api/events"));
    assert.deepEqual(calls, ["POST /api/token/refresh", "GET /api/events"]);
  });

  test("a call whose token is refused is made once more, with its body", async () => {
    const { store, platform } = await logIn();
    await change(store, { token: REFUSED });
    const { user } = await granted(platform.PATCH("/api/me", { body: { name: "Zoë 🦀" } }));
    assert.equal(user.name, "Zoë 🦀");
    assert.deepEqual(calls, ["PATCH /api/me", "POST /api/token/refresh", "PATCH /api/me"]);
  });

  test("a wrong password is not taken for a refused token", async () => {
    const { store, platform } = await logIn();
    const before = store.get();
    const wrong = platform.DELETE("/api/me", { body: { password: "wrong password" } });
    await assert.rejects(granted(wrong), (refusal) => refusal instanceof Refused && refusal.problem.code === "invalid_credentials");
    assert.deepEqual(calls, ["DELETE /api/me"]);
    assert.equal(store.get(), before);
  });

  test("a session that has ended is forgotten, and the call is told", async () => {
    const { store, platform } = await logIn();
    await tab({ get: store.get, set() {} }).sessions.end();
    calls.length = 0;
    const { response, error } = await platform.GET("/api/me");
    assert.equal(response.status, 401);
    assert.equal(error.code, "unauthenticated");
    assert.equal(store.get(), undefined);
    assert.deepEqual(calls, ["GET /api/me", "POST /api/token/refresh"]);
  });

  test("a platform that cannot renew now is quoted, and the session kept", async () => {
    const { store, platform } = await logIn();
    await runOut(store);
    const problem = { code: "overloaded", detail: "Too much is waiting.", status: 503 };
    between = (call) => call.endsWith("refresh") && Response.json(problem, { status: 503 });
    const answers = await Promise.all([platform.GET("/api/me"), platform.GET("/api/me")]);
    assert.deepEqual(answers.map(({ error }) => error.code), ["overloaded", "overloaded"]);
    assert.deepEqual(calls, ["POST /api/token/refresh"]);
    between = () => undefined;
    await granted(platform.GET("/api/me"));
  });

  test("a connection that breaks keeps the session, too", async () => {
    const { store, platform } = await logIn();
    await runOut(store);
    between = () => Promise.reject(new TypeError("no connection"));
    await assert.rejects(platform.GET("/api/me"), { message: "no connection" });
    between = () => undefined;
    await granted(platform.GET("/api/me"));
  });

  test("nothing is done in the name of somebody who has logged in meanwhile", async () => {
    const { store, platform } = await logIn();
    const other = await logIn();
    await change(store, { token: REFUSED });
    between = (call) => void (call === "PATCH /api/me" && store.set(other.store.get()));
    const { response } = await platform.PATCH("/api/me", { body: { name: "Not mine" } });
    assert.equal(response.status, 401);
    assert.deepEqual(calls, ["PATCH /api/me"]);
  });

  test("who logs out during a renewal stays logged out", async () => {
    const { store, sessions, platform } = await logIn();
    await runOut(store);
    between = async (call) => void (call.endsWith("refresh") && (await sessions.end()));
    const { response } = await platform.GET("/api/me");
    assert.equal(response.status, 401);
    assert.equal(store.get(), undefined);
  });

  test("logging out ends the session on the platform", async () => {
    const { store, sessions } = await logIn();
    const { token, refresh_token } = store.get();
    await sessions.end();
    assert.equal(store.get(), undefined);
    assert.deepEqual(calls, ["POST /api/logout"]);
    const baseUrl = server.current.url;
    const { response } = await eventPlatform({ baseUrl, token: () => token }).GET("/api/me");
    assert.equal(response.status, 401);
    const renewal = await eventPlatform({ baseUrl }).POST("/api/token/refresh", { body: { refresh_token } });
    assert.equal(renewal.response.status, 401);
    await sessions.end();
  });

  test("logging out with a token that has run out ends the session as well", async () => {
    const { store, sessions } = await logIn();
    const { token } = store.get();
    await change(store, { token: REFUSED });
    await sessions.end();
    assert.deepEqual(calls, ["POST /api/logout", "POST /api/token/refresh", "POST /api/logout"]);
    const { response } = await eventPlatform({ baseUrl: server.current.url, token: () => token }).GET("/api/me");
    assert.equal(response.status, 401);
  });

  test("logging out without a connection forgets the session", async () => {
    const { store, sessions } = await logIn();
    between = () => Promise.reject(new TypeError("no connection"));
    await sessions.end();
    assert.equal(store.get(), undefined);
  });

  describe("in tabs", () => {
    /** What tabs have in common: the text that is stored, which each reads for itself. */
    function sharedText() {
      let text;
      return () => ({ get: async () => text && JSON.parse(text), set: async (session) => void (text = session && JSON.stringify(session)) });
    }

    test("one renews under the Web Lock, and the other takes what it got", async (t) => {
      let last = Promise.resolve();
      const locks = {
        request(name, work) {
          assert.equal(name, "event-platform session");
          return (last = last.then(work, work));
        },
      };
      const real = Object.getOwnPropertyDescriptor(globalThis, "navigator");
      Object.defineProperty(globalThis, "navigator", { configurable: true, value: { locks } });
      t.after(() => Object.defineProperty(globalThis, "navigator", real));
      const store = sharedText();
      const one = await logIn(store());
      const two = tab(store());
      await runOut(one.store);
      await Promise.all([one, two].map(({ platform }) => granted(platform.GET("/api/me"))));
      assert.equal(renewals(), 1);
      assert.deepEqual(await one.store.get(), await two.store.get());
    });

    test("without a lock, who was too late takes what the faster one got", async () => {
      const store = sharedText();
      const { platform, store: mine } = await logIn(store());
      const before = await mine.get();
      await runOut(mine);
      between = async (call) => {
        if (!call.endsWith("refresh")) return undefined;
        // The other tab has renewed and stored by the time this one is refused.
        const body = JSON.stringify({ refresh_token: before.refresh_token });
        const headers = { "content-type": "application/json" };
        const faster = await fetch(`${server.current.url}/api/token/refresh`, { method: "POST", headers, body });
        await change(mine, { ...(await faster.json()), expires_at: Date.now() + 3_600_000 });
        return Response.json({ code: "invalid_refresh_token", detail: "" }, { status: 401 });
      };
      await granted(platform.GET("/api/me"));
      assert.equal(renewals(), 1);
    });
  });
});
