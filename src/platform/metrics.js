// Where measurements go: a dataset of Analytics Engine, if one is bound as `METRICS`. What is measured,
// and how it is put together before it is written, is in `src/metrics.rs`.

import { env } from "cloudflare:workers";

const hits = { event: 0, catalog: 0 };

/** Whether anything is measured. */
export const measures = () => env.METRICS !== undefined;

/** Writes what was measured of one metric: how many values, their sum, the largest. */
export function writePoint(metric, subject, version, count, sum, max) {
  env.METRICS?.writeDataPoint({ indexes: [metric], blobs: [subject, version], doubles: [count, sum, max] });
}

/** An answer was given again without entering wasm: a lease hit. */
export function countHit(subject) {
  hits[subject] += 1;
}

/** How many since the last call. */
export function takeHits(subject) {
  const count = hits[subject];
  hits[subject] = 0;
  return count;
}
