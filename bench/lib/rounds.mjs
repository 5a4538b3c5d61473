// Servers take turns, a round of each after a round of the others, so that whatever else the
// machine does bends all of them alike.

import { summary } from "./load.mjs";

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
