// Servers take turns, a round of each after a round of the others, so that whatever else the
// machine does bends all of them alike.

import { setTimeout as pause } from "node:timers/promises";
import { summary } from "./load.mjs";

/** How many times as many rounds there are where figures move more from one to the next. */
export const RESTLESS = 3;

/** Longer than the pause before a report. */
const REST_MS = 1_500;
/** Two clock ticks, within which a timer or two of the runtime's own fit. */
const IDLE_MICROS = 20_000;

/**
 * Measures each of `contestants` (`{ scenario, server, … }`, both names) once a round and gives a row
 * of medians for each. `measure` takes a contestant and the round's number.
 */
export async function inTurns({ rounds, contestants, measure }) {
  const results = contestants.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    console.log(`  round ${round} of ${rounds}`);
    for (const [index, contestant] of contestants.entries()) {
      results[index].push(await measure(contestant, round));
    }
  }
  return contestants.map(({ scenario, name }, index) => ({ scenario, name, ...summary(results[index]) }));
}

/**
 * Waits until the server does nothing any more: mail and reports go out after the answers that
 * promised them. Where its CPU time cannot be read, nothing is waited for.
 */
export async function atRest(server, { within = 30_000 } = {}) {
  const deadline = performance.now() + within;
  let before;
  do {
    before = server.cpuMicros();
    await pause(REST_MS);
  } while (server.cpuMicros() - before > IDLE_MICROS && performance.now() < deadline);
}

/** Starts servers by name, hands them to `work`, and stops them whatever happens. */
export async function withServers(starts, work) {
  const servers = {};
  try {
    for (const [name, start] of Object.entries(starts)) servers[name] = await start();
    return await work(servers);
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  }
}
