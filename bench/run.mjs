// `make bench`: every scenario, then one table. Options go in BENCH_ARGS:
//   --rounds N    how often each scenario runs, and a third of how often restless ones do (5)
//   --seconds N   how long each round of a read lasts (4)
//   --only NAMES  some of reads, registrations, large-events, writes, logins, starts, memory, soak, with
//                 commas between
//                 soak takes many minutes, so it runs when it is named, or with --full
//   --full        a million requests for the growth of memory, not a hundred thousand
//   --write       put the table into docs/performance.md too

import { parseArgs } from "node:util";
import { pinThisProcess } from "./lib/cores.mjs";
import { conditions, table, writePage } from "./lib/report.mjs";
import { measureLargeEvents } from "./scenarios/large-events.mjs";
import { measureLogins } from "./scenarios/logins.mjs";
import { measureMemory } from "./scenarios/memory.mjs";
import { measureReads } from "./scenarios/reads.mjs";
import { measureRegistrations } from "./scenarios/registrations.mjs";
import { measureSoak } from "./scenarios/soak.mjs";
import { measureStarts } from "./scenarios/starts.mjs";
import { measureWrites } from "./scenarios/writes.mjs";

const SCENARIOS = {
  reads: measureReads,
  registrations: measureRegistrations,
  "large-events": measureLargeEvents,
  writes: measureWrites,
  logins: measureLogins,
  starts: measureStarts,
  memory: measureMemory,
  soak: measureSoak,
};

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    only: { type: "string" },
    full: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const plan = { rounds: Number(values.rounds), seconds: Number(values.seconds), full: values.full };
const chosen = values.only === undefined ? Object.keys(SCENARIOS).filter((name) => name !== "soak" || values.full) : values.only.split(",");
const unknown = chosen.find((name) => !(name in SCENARIOS));
if (unknown !== undefined) throw new Error(`--only takes ${Object.keys(SCENARIOS).join(", ")}`);

pinThisProcess("client");
const rows = [];
for (const name of chosen) {
  console.log(name);
  rows.push(...(await SCENARIOS[name](plan)));
}

const text = `${conditions(plan)}\n\n${table(rows)}`;
console.log(`\n${text}`);
if (values.write) writePage(`\n${text}\n`);
