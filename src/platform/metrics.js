// Writes measurements to a dataset of Analytics Engine, if one is bound as `METRICS`. `src/metrics.rs`
// defines what is measured and how it is aggregated.

import { env } from "cloudflare:workers";

const hits = { event: 0, catalog: 0 };

/** Whether measuring is on. */
export const measures = () => env.METRICS !== undefined;

/** Writes the measurements of one metric: how many values, their sum, the largest. */
export function writePoint(metric, subject, version, count, sum, max) {
  env.METRICS?.writeDataPoint({ indexes: [metric], blobs: [subject, version], doubles: [count, sum, max] });
}

/** Counts an answer that was repeated without entering wasm: a lease hit. */
export function countHit(subject) {
  hits[subject] += 1;
}

/** The number of hits since the last call. */
export function takeHits(subject) {
  const count = hits[subject];
  hits[subject] = 0;
  return count;
}
