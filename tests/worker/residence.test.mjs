// Where data lives: every object within the jurisdiction, and no way to lose sight of it by a setting.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { PASSWORD, createEvent, freshEmail, logIn, register, signUp, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const listed = async (client) => expectStatus(await client.get("/api/events"), 200).body.events.map(({ id }) => id);

/** Looks and tries to write; whichever comes first must be turned away, and so must what follows. */
async function expectTurnedAway(server, calls) {
  const visitor = new Client(server);
  const account = { email: freshEmail("late"), password: PASSWORD };
  const all = {
    look: () => visitor.get("/api/events"),
    write: () => visitor.post("/api/register", account),
    health: () => visitor.get("/api/health"),
  };
  for (const call of calls) expectProblem(await all[call](), 503, "misconfigured");
}

describe("A jurisdiction", () => {
  const server = useWorkerd({
    around: ["jurisdictions.js"],
    settings: { JURISDICTION: "eu", CATALOG_LOCATION: "weur" },
  });
  let organizer;
  let event;

  test("holds every object, and only the Catalog has a place of its own", async () => {
    organizer = await signUpOrganizer(server.current);
    event = await createEvent(organizer);
    expectStatus(await register(await signUp(server.current), event), 201);
    await eventually(async () => assert.deepEqual(await listed(organizer), [event.id]));
    const asked = await eventually(() => {
      const asked = [...server.current.output.matchAll(/asked for (\S+) near (\S+)/g)];
      const names = new Set(asked.map(([, name]) => name));
      assert.ok(names.has("eu/catalog") && names.has(`eu/${event.id}`));
      return asked;
    });
    for (const [, name, near] of asked) {
      assert.ok(name === "catalog" || name.startsWith("eu/"), name);
      assert.equal(near, name.endsWith("catalog") ? "weur" : "anybody", name);
    }
  });

  for (const JURISDICTION of ["fedramp", "none", undefined]) {
    test(`cannot be changed to ${JURISDICTION} in silence`, async () => {
      await server.current.restart({ JURISDICTION });
      await expectTurnedAway(server.current, ["look", "write", "health"]);
      await server.current.restart();
      await expectTurnedAway(server.current, ["write", "look", "health"]);
      assert.match(server.current.output, /JURISDICTION has to be eu/);
    });
  }

  test("has everything that it had once the setting is right again", async () => {
    await server.current.restart({ JURISDICTION: "eu" });
    assert.deepEqual(await listed(organizer), [event.id]);
    expectStatus(await (await logIn(server.current, organizer)).get("/api/me/events"), 200);
  });
});

describe("A deployment without a jurisdiction", () => {
  const server = useWorkerd({ around: ["jurisdictions.js"] });

  test("does not get one afterwards", async () => {
    const person = await signUp(server.current);
    await server.current.restart({ JURISDICTION: "eu" });
    await expectTurnedAway(server.current, ["write", "look", "health"]);
    await server.current.restart({ JURISDICTION: undefined });
    await logIn(server.current, person);
  });
});

describe("A runtime that knows no jurisdictions", () => {
  const server = useWorkerd({ settings: { JURISDICTION: "eu" } });

  test("answers every call with 503 misconfigured", async () => {
    await expectTurnedAway(server.current, ["health", "look", "write"]);
    assert.match(server.current.output, /JURISDICTION has to be none/);
  });
});
