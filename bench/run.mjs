// `make bench`: every scenario, then one table. Options go in BENCH_ARGS:
//   --rounds N    how often each scenario runs (5)
//   --seconds N   how long each round of a read lasts (4)
//   --only NAME   reads or registrations
//   --write       put the table into docs/performance.md too

import { parseArgs } from "node:util";
import { pinThisProcess } from "./lib/cores.mjs";
import { conditions, table, writePage } from "./lib/report.mjs";
import { measureReads } from "./scenarios/reads.mjs";
import { measureRegistrations } from "./scenarios/registrations.mjs";

const SCENARIOS = { reads: measureReads, registrations: measureRegistrations };

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    only: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const plan = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const chosen = values.only === undefined ? Object.keys(SCENARIOS) : [values.only];

pinThisProcess("client");
const rows = [];
for (const name of chosen) {
  if (!(name in SCENARIOS)) throw new Error(`--only takes ${Object.keys(SCENARIOS).join(" or ")}`);
  console.log(name);
  rows.push(...(await SCENARIOS[name](plan)));
}

const text = `${conditions(plan)}\n\n${table(rows)}`;
console.log(`\n${text}`);
if (values.write) writePage(`\n${text}\n`);
