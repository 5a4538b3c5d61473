// Objects come and go all day: what they held in memory goes with them.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { fault } from "./support/fault.mjs";
import { createEvent, register, signUpMany, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const WASM_PAGE_BYTES = 65_536;
const WAVES = 4;

describe("The memory of objects that are put away", () => {
  const server = useWorkerd({ around: ["faults.js", "instances.js"], flags: ["--expose-gc"] });
  let event;

  before(async () => {
    const organizer = await signUpOrganizer(server.current);
    event = await createEvent(organizer);
    for (const person of await signUpMany(server.current, 200)) await register(person, event);
  });

  /** Bytes of wasm memory after each of some waves. */
  async function waves(wave) {
    const levels = [];
    for (let n = 0; n < WAVES; n++) {
      await wave();
      levels.push(await fault(server.current, "memory"));
    }
    return levels;
  }

  function expectLevel(levels) {
    const [, second, ...later] = levels;
    for (const level of later) assert.ok(level <= second + WASM_PAGE_BYTES, `it grows: ${levels}`);
  }

  test("is free again for an event that is asked and put away again and again", async () => {
    const levels = await waves(async () => {
      for (let n = 0; n < 60; n++) {
        const answer = await fetch(`${server.current.url}/api/events/${event.id}?${n}`, {
          signal: AbortSignal.timeout(10_000),
        });
        assert.equal(answer.status, 200);
        await fault(server.current, "reset", { binding: "EVENTS", name: event.id });
      }
    });
    expectLevel(levels);
  });

  test("is free again for events that strangers make up", async () => {
    expectLevel(await waves(() => fault(server.current, "wave", { objects: 500 })));
  });
});
