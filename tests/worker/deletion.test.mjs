// The end of an account in the real runtime: what it leaves behind is nothing.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import {
  createEvent, freshEmail, logIn, ownRegistration, register, registrationsOf, signUp, signUpOrganizer,
} from "./support/people.mjs";
import { useWorkerdWithMail } from "./support/server.mjs";

const SOON = { within: 20_000, every: 50 };

describe("A deleted account", () => {
  const { server, mail } = useWorkerdWithMail();
  const remove = (person, password = person.password) => person.delete("/api/me", {}, { password });

  test("gives its seats back, and is named nowhere", async () => {
    const organizer = await signUpOrganizer(server.current, { name: "Olga" });
    const event = await createEvent(organizer, { capacity: 1 });
    const [leaver, next] = [await signUp(server.current, { name: "Leaver" }), await signUp(server.current)];
    for (const person of [leaver, next]) expectStatus(await register(person, event), 201);
    expectProblem(await remove(leaver, "not the password"), 401, "invalid_credentials");
    expectStatus(await remove(leaver), 204);
    expectProblem(await leaver.get("/api/me"), 401, "unauthenticated");
    expectProblem(await new Client(server.current).post("/api/login", leaver), 401, "invalid_credentials");

    await eventually(async () => {
      const { status } = expectStatus(await ownRegistration(next, event), 200).body.registration;
      assert.equal(status, "confirmed");
    }, SOON);
    for (const status of ["confirmed", "waitlisted", "cancelled"]) {
      const users = (await registrationsOf(organizer, event, status)).map(({ user }) => user.email);
      assert.deepEqual(users, status === "confirmed" ? [next.email] : []);
    }
    await mail.current.mailsTo(next.email, { count: 3 });
  });

  test("makes room for another one at the same address", async () => {
    const email = freshEmail("again");
    const first = await signUp(server.current, { email });
    expectStatus(await remove(first), 204);
    const second = await signUp(server.current, { email });
    assert.notEqual(second.user.id, first.user.id);
    expectProblem(await first.get("/api/me"), 401, "unauthenticated");
    await eventually(async () => expectStatus(await second.get("/api/me"), 200), SOON);
    await server.current.restart();
    expectStatus(await second.get("/api/me"), 200);
    await logIn(server.current, second);
  });

  test("is refused while somebody counts on its events", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    expectProblem(await remove(organizer), 409, "has_events");
    expectStatus(await organizer.put(`/api/events/${event.id}`, { status: "cancelled" }), 200);
    expectStatus(await remove(organizer), 204);
    const visitor = new Client(server.current);
    await eventually(async () => {
      const shown = expectStatus(await visitor.get(`/api/events/${event.id}`), 200).body.event;
      assert.deepEqual(shown.organizer, { id: organizer.user.id, name: null });
    }, SOON);
  });
});

describe("A changed name", () => {
  const { server } = useWorkerdWithMail();

  test("is on the organizer's events within seconds", async () => {
    const organizer = await signUpOrganizer(server.current, { name: "Before" });
    const event = await createEvent(organizer);
    expectStatus(await organizer.patch("/api/me", { name: "After" }), 200);
    const visitor = new Client(server.current);
    await eventually(async () => {
      const shown = expectStatus(await visitor.get(`/api/events/${event.id}`), 200).body.event;
      const listed = expectStatus(await visitor.get("/api/events"), 200).body.events;
      assert.equal(shown.organizer.name, "After");
      assert.equal(listed.find(({ id }) => id === event.id).organizer.name, "After");
    }, { within: 10_000 });
  });
});

describe("A forgotten password", () => {
  const { server, mail } = useWorkerdWithMail();

  test("is replaced through the link in the mail", async () => {
    const person = await signUp(server.current);
    const visitor = new Client(server.current);
    for (const email of [person.email, freshEmail("unknown")]) {
      const answer = expectStatus(await visitor.post("/api/password/forgot", { email }), 202);
      assert.equal(answer.text, "");
    }
    const mails = await mail.current.mailsTo(person.email, { count: 2 });
    const text = mails.find(({ subject }) => /password/i.test(subject)).text;
    const [, path, token] = text.match(/https:\/\/events\.example(\/api\/password\/reset\?token=([\w.-]+))/);

    const page = expectStatus(await visitor.get(path), 200);
    assert.match(page.headers.get("content-security-policy"), /^default-src 'none';/);
    assert.equal(page.headers.get("cache-control"), "no-store");
    const action = new URL(page.text.match(/action="([^"]+)"/)[1], `https://events.example${path}`);
    const form = new URLSearchParams({ token, password: "a new password for me" });
    const done = await visitor.request("POST", action.pathname, {
      body: form.toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expectStatus(done, 200);
    expectProblem(await person.get("/api/me"), 401, "unauthenticated");
    await logIn(server.current, { email: person.email, password: "a new password for me" });
    const spent = { token, password: "yet another password" };
    expectProblem(await visitor.post("/api/password/reset", spent), 422, "invalid_token");
    await mail.current.mailsTo(person.email, { count: 3 });
  });
});
