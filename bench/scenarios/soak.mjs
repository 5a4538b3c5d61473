// What objects leave behind in wasm memory when they are put away: strangers ask for events that do not exist, and
// an event with many registrations is put away and loaded again and again. What grows is a leak.

import { fault } from "../../tests/worker/support/fault.mjs";
import { createEvent, register, signUpMany, signUpOrganizer } from "../../tests/worker/support/people.mjs";
import { startWorkerd } from "../../tests/worker/support/workerd.mjs";

const UNKNOWN = 100_000;
/** Between two collections; wasm memory never shrinks, so garbage that waits for the engine's own would count. */
const WAVE = 1_000;
const WARM_UP = 2_000;
const EVICTIONS = 50;
const REGISTRATIONS = 2_000;
const WAVE_TIMEOUT_MS = 600_000;

export async function measureSoak() {
  const server = await startWorkerd({ around: ["faults.js", "instances.js"], flags: ["--expose-gc"] });
  const faulty = (what, query) => fault(server, what, query, WAVE_TIMEOUT_MS);
  /** Bytes by which wasm memory has grown over `work`, after a forced collection. */
  const growth = async (scenario, work) => {
    const before = await faulty("memory");
    await work();
    return { scenario, name: "platform", grownBytes: (await faulty("memory")) - before };
  };
  try {
    const organizer = await signUpOrganizer(server);
    const event = await createEvent(organizer);
    for (const person of await signUpMany(server, REGISTRATIONS)) await register(person, event);
    const putAway = async (times) => {
      for (let n = 0; n < times; n++) {
        await fetch(`${server.url}/api/events/${event.id}?${n}`, { signal: AbortSignal.timeout(10_000) });
        await faulty("reset", { binding: "EVENTS", name: event.id });
      }
    };
    await putAway(EVICTIONS / 5);
    await faulty("wave", { objects: WARM_UP });
    return [
      await growth(`${EVICTIONS} × ${REGISTRATIONS.toLocaleString("en")} registrations put away`, () => putAway(EVICTIONS)),
      await growth(`${UNKNOWN.toLocaleString("en")} unknown events`, async () => {
        for (let objects = 0; objects < UNKNOWN; objects += WAVE) {
          await faulty("wave", { objects: WAVE });
          await faulty("memory");
        }
      }),
    ];
  } finally {
    await server.dispose();
  }
}
