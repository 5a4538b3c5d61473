// Sessions that end when they should, on two isolates over one set of objects.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectNoStore, expectProblem, expectStatus } from "./support/expect.mjs";
import { createEvent, logIn, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const NEW_PASSWORD = "another long password";

describe("A session", () => {
  const server = useWorkerd({ isolates: 2 });
  const refresh = (isolate, token) => new Client(isolate).post("/api/token/refresh", { refresh_token: token });

  /** Every kind of call that must ask the account, at both isolates. */
  async function expectRefusedEverywhere(person, event) {
    for (const isolate of server.current.isolates) {
      const there = person.at(isolate);
      expectProblem(await there.put(`/api/events/${event.id}`, { title: "x" }), 401, "unauthenticated");
      expectProblem(await there.post("/api/events", {}), 401, "unauthenticated");
      expectProblem(await there.get("/api/me"), 401, "unauthenticated");
      expectProblem(await refresh(isolate, person.refreshToken), 401, "invalid_refresh_token");
    }
  }

  /** Both isolates have seen the session at work. */
  async function expectAccepted(person, event) {
    for (const isolate of server.current.isolates) {
      expectStatus(await person.at(isolate).put(`/api/events/${event.id}`, { title: "mine" }), 200);
    }
  }

  test("is refused within one request of its logout, at both isolates", async () => {
    for (const at of [0, 1]) {
      const organizer = await signUpOrganizer(server.current);
      const event = await createEvent(organizer);
      await expectAccepted(organizer, event);
      expectStatus(await organizer.at(server.current.isolates[at]).post("/api/logout"), 204);
      await expectRefusedEverywhere(organizer, event);
    }
  });

  test("ends for both holders when a stolen refresh token is used twice", async () => {
    const [one, other] = server.current.isolates;
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const stolen = expectStatus(await refresh(one, organizer.refreshToken), 200);
    expectNoStore(stolen);
    const thief = new Client(one, { token: stolen.body.token, refreshToken: stolen.body.refresh_token });
    await expectAccepted(thief, event);
    expectStatus(await refresh(one, thief.refreshToken), 200);
    expectProblem(await refresh(other, organizer.refreshToken), 401, "invalid_refresh_token");
    await expectRefusedEverywhere(organizer, event);
    await expectRefusedEverywhere(thief, event);
  });

  test("that refreshes with one token in many tabs at once gets one successor", async () => {
    const person = await signUp(server.current);
    const isolates = Array.from({ length: 8 }, (_, at) => server.current.isolates[at % 2]);
    const answers = await Promise.all(isolates.map((isolate) => refresh(isolate, person.refreshToken)));
    const successors = answers.map((answer) => expectStatus(answer, 200).body.refresh_token);
    assert.equal(new Set(successors).size, 1);
    expectStatus(await refresh(server.current, successors[0]), 200);
    expectProblem(await refresh(server.current, person.refreshToken), 401, "invalid_refresh_token");
    expectProblem(await person.get("/api/me"), 401, "unauthenticated");
  });

  test("ends with a changed password, but for the one that has changed it", async () => {
    const here = await signUpOrganizer(server.current);
    const event = await createEvent(here);
    const there = await logIn(server.current.isolates[1], here);
    const change = { current_password: here.password, new_password: NEW_PASSWORD };
    expectStatus(await here.put("/api/me/password", change), 204);
    await expectRefusedEverywhere(there, event);
    await expectAccepted(here, event);
    await logIn(server.current, { email: here.email, password: NEW_PASSWORD });
  });

  test("outlives a restart, and so does its end", async () => {
    const [stays, goes] = [await signUp(server.current), await signUp(server.current)];
    const next = expectStatus(await refresh(server.current, stays.refreshToken), 200).body;
    expectStatus(await goes.post("/api/logout"), 204);
    await server.current.restart();
    expectProblem(await goes.get("/api/me"), 401, "unauthenticated");
    const last = expectStatus(await refresh(server.current, next.refresh_token), 200).body;
    expectStatus(await refresh(server.current, last.refresh_token), 200);
    expectProblem(await refresh(server.current, next.refresh_token), 401, "invalid_refresh_token");
  });

  test("shows drafts on plain reads, which need not ask each time", async () => {
    const organizer = await signUpOrganizer(server.current);
    const draft = await createEvent(organizer, { status: "draft" });
    const path = `/api/events/${draft.id}`;
    for (const isolate of server.current.isolates) {
      expectStatus(await organizer.at(isolate).get(path), 200);
      expectProblem(await new Client(isolate).get(path), 404, "not_found");
    }
    expectStatus(await organizer.post("/api/logout"), 204);
    expectProblem(await organizer.get(path), 404, "not_found");
    const other = organizer.at(server.current.isolates[1]);
    await eventually(async () => expectProblem(await other.get(path), 404, "not_found"), {
      within: 35_000,
      every: 500,
    });
  });
});

describe("A thousand guesses at one address", () => {
  const GUESSES = 1_000;
  const CONNECTIONS = 50;
  const server = useWorkerd();

  test("neither lock its owner out nor touch anybody else", async () => {
    const [owner, bystander] = [await signUp(server.current), await signUp(server.current)];
    const visitor = new Client(server.current);
    const count = { 401: 0, 429: 0 };
    let left = GUESSES;
    const guess = async () => {
      while (left-- > 0) {
        const answer = await visitor.post("/api/login", { email: owner.email, password: `guess ${left}` });
        count[answer.status] += 1;
      }
    };
    let guessing = true;
    const others = async () => {
      let logins = 0;
      do {
        await logIn(server.current, bystander);
        logins += 1;
      } while (guessing);
      return logins;
    };
    const guesses = Promise.all(Array.from({ length: CONNECTIONS }, guess)).finally(() => (guessing = false));
    const [, logins] = await Promise.all([guesses, others()]);
    assert.ok(logins > 0);
    assert.equal(count[401] + count[429], GUESSES);
    assert.ok(count[401] <= 10, `${count[401]} guesses were looked at without a pause`);

    // The pause names its end; after that the owner gets in.
    await eventually(() => logIn(server.current, owner), { within: 60_000, every: 500 });
  });
});
