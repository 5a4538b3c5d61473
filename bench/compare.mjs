// Two or more builds of the platform beside each other, in turns: what a change has made faster or slower.
//
//   node bench/compare.mjs before=../old/build after=build        each a folder that `make build` has filled
//   --rounds N    how often each build is measured (9)
//   --seconds N   how long each round of a read lasts (1.5)
//
// Name a build twice (`before=… again=…`) to see how far figures of one and the same build differ.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { pinThisProcess } from "./lib/cores.mjs";
import { conditions, table } from "./lib/report.mjs";
import { inTurns, withServers } from "./lib/rounds.mjs";
import { startPlatform } from "./lib/targets.mjs";
import { readsOf, readsRun } from "./scenarios/reads.mjs";
import { crowd, registerForOne } from "./scenarios/registrations.mjs";
import { OBJECTS } from "../tests/worker/support/build.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "9" }, seconds: { type: "string", default: "1.5" } },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const builds = positionals.map((given) => given.split("="));
if (builds.length < 2 || builds.some((build) => build.length !== 2)) {
  throw new Error("name two builds or more: before=DIR after=DIR");
}

pinThisProcess("client");
/** A build may be older than some of today's classes. */
const objectsOf = (directory) => {
  const built = readFileSync(resolve(directory, "index.js"), "utf8");
  return OBJECTS.filter(({ className }) => built.includes(` as ${className}`));
};
const starts = builds.map(([name, directory]) => [
  name,
  () => startPlatform({ directory: resolve(directory), objects: objectsOf(directory) }),
]);
const rows = await withServers(Object.fromEntries(starts), async (servers) => {
  const [reads, people] = [[], {}];
  for (const [name, server] of Object.entries(servers)) {
    reads.push(...(await readsOf(name, server)).reads);
    people[name] = await crowd(server);
  }
  for (const contestant of reads) await readsRun(contestant, 1);
  const contestants = Object.entries(servers).map(([name, server]) => ({ scenario: "registering for one event", name, server }));
  const register = ({ name, server }) => registerForOne(server, people[name]);
  for (const contestant of contestants) await register(contestant);
  return [
    ...(await inTurns({ rounds, contestants: reads, measure: (contestant) => readsRun(contestant, seconds) })),
    ...(await inTurns({ rounds, contestants, measure: register })),
  ];
});
rows.sort((a, b) => a.scenario.localeCompare(b.scenario));
console.log(`\n${conditions({ rounds, seconds })}\n\n${table(rows)}`);
process.exit(0);
