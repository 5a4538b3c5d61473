// One address, one account; which addresses, passwords and roles make one; what an account may do.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { expectInvalid, expectProblem, expectStatus } from "./support/expect.mjs";
import { EVENT, PASSWORD, createEvent, freshEmail, logIn, register, signUp } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

describe("An account", () => {
  const server = useWorkerd();
  let visitor;
  const signUpWith = (details) =>
    visitor.post("/api/register", { email: freshEmail(), password: PASSWORD, ...details });

  before(() => {
    visitor = new Client(server.current);
  });

  test("is made exactly once by fifty sign-ups of one address at the same moment", async () => {
    const spellings = [
      "ada@example.com",
      "Ada@Example.COM",
      "  ada@example.com ",
      "ADA@EXAMPLE.COM\t",
      "aDa@example.com\n",
    ];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        signUpWith({ email: spellings[index % spellings.length], password: `${PASSWORD} ${index}` }),
      ),
    );
    const made = answers.filter(({ status }) => status === 201);
    assert.equal(made.length, 1);
    for (const answer of answers) {
      if (answer !== made[0]) expectProblem(answer, 409, "email_taken");
    }
    assert.equal(made[0].body.user.email, "ada@example.com");
    const password = `${PASSWORD} ${answers.indexOf(made[0])}`;
    const { user } = await logIn(server.current, { email: " ADA@example.com", password });
    assert.deepEqual(user, made[0].body.user);
  });

  test("needs an address that mail can reach", async () => {
    for (const email of [
      "",
      " ",
      "ada",
      "ada@",
      "@example.com",
      "a da@example.com",
      "ada@exam ple.com",
      "ada@@example.com",
      "ada@example..com",
      "ada@example.com\r\nBcc: all@example.com",
      `${"x".repeat(250)}@example.com`,
      null,
      7,
      ["ada@example.com"],
    ]) {
      expectInvalid(await signUpWith({ email }), "email");
    }
  });

  test("takes addresses that look odd but are right", async () => {
    for (const email of ["o'hara+tag@example.co.uk", "first.last_1-2@sub.example.com"]) {
      assert.equal(expectStatus(await signUpWith({ email }), 201).body.user.email, email);
    }
  });

  test("needs a password of 8 to 72 bytes that is not a common one", async () => {
    for (const password of [
      "",
      "seven77",
      "ééé1",
      "x".repeat(73),
      "é".repeat(37),
      "with a \0 inside",
      "password123",
      "12345678",
      null,
      12345678,
    ]) {
      expectInvalid(await signUpWith({ password }), "password");
    }
  });

  test("may have a password of exactly 8 or 72 bytes, and all of them count", async () => {
    for (const password of ["k7#qzw1é".slice(1) + "x", "éé#q".repeat(12)]) {
      const { body } = expectStatus(await signUpWith({ password }), 201);
      await logIn(server.current, { email: body.user.email, password });
      const almost = { email: body.user.email, password: `${password.slice(0, -1)}~` };
      expectProblem(await visitor.post("/api/login", almost), 401, "invalid_credentials");
    }
  });

  test("keeps its password to itself", async () => {
    const answer = await signUpWith({ password: "whispered only once" });
    assert.doesNotMatch(answer.text, /whispered|\$2[aby]\$|password/);
  });

  test("is an attendee's unless it asks to be an organizer's", async () => {
    for (const [asked, role] of [
      [{}, "attendee"],
      [{ role: null }, "attendee"],
      [{ role: "attendee" }, "attendee"],
      [{ role: "organizer" }, "organizer"],
    ]) {
      assert.equal(expectStatus(await signUpWith(asked), 201).body.user.role, role);
    }
  });

  test("can have no other role", async () => {
    for (const role of ["admin", "Organizer", "", "organizer ", 1, ["organizer"]]) {
      expectInvalid(await signUpWith({ role }), "role");
    }
  });

  test("keeps the name it was given, and may have none", async () => {
    const named = expectStatus(await signUpWith({ name: "Ada Lovelace 👩‍💻" }), 201).body.user;
    assert.equal(named.name, "Ada Lovelace 👩‍💻");
    expectStatus(await signUpWith({}), 201);
  });

  test("ignores fields that are not the client's to set", async () => {
    const id = "01890000-0000-7000-8000-000000000000";
    const forged = { id, email_verified: true, created_at: "2000-01-01T00:00:00Z", is_admin: true };
    const { user } = expectStatus(await signUpWith(forged), 201).body;
    assert.notEqual(user.id, id);
    assert.equal(user.email_verified, false);
    assert.notEqual(user.created_at, forged.created_at);
    assert.ok(!("is_admin" in user));
  });
});

describe("A role", () => {
  const server = useWorkerd();
  let attendee, organizer;

  before(async () => {
    attendee = await signUp(server.current, { name: "Grace" });
    organizer = await signUp(server.current, { role: "organizer", name: "Ada" });
  });

  test("lets an organizer alone create events, under the organizer's name", async () => {
    expectProblem(await attendee.post("/api/events", EVENT), 403, "forbidden");
    const event = await createEvent(organizer);
    assert.deepEqual(event.organizer, { id: organizer.user.id, name: "Ada" });
  });

  test("is checked before the fields are", async () => {
    expectProblem(await attendee.post("/api/events", {}), 403, "forbidden");
  });

  test("lets an event's own organizer alone change or delete it", async () => {
    const event = await createEvent(organizer);
    const path = `/api/events/${event.id}`;
    const rival = await signUp(server.current, { role: "organizer" });
    for (const stranger of [attendee, rival]) {
      expectProblem(await stranger.put(path, { title: "Taken over" }), 403, "forbidden");
      expectProblem(await stranger.delete(path), 403, "forbidden");
    }
    assert.equal((await attendee.get(path)).body.event.title, event.title);
  });

  test("does not matter for taking part", async () => {
    const event = await createEvent(organizer);
    for (const person of [attendee, organizer]) {
      const { registration } = expectStatus(await register(person, event), 201).body;
      const { id, email, name } = person.user;
      assert.deepEqual(registration.user, { id, email, name });
    }
  });
});
