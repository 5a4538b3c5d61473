// Requests that arrive at even intervals, however long the answers to others take, as people do who
// know nothing of each other. autocannon's rates send all of a second's requests at its beginning.

import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { percentile } from "./statistics.mjs";

/** Beyond it a request has failed: as long as autocannon waits in `drive`. */
const TIMEOUT_MS = 30_000;

/**
 * Begins `action` `rate` times a second for `seconds`, waits until all have ended, and says how many a
 * second that was and how long they took.
 */
export async function steadily({ rate, seconds, action }) {
  const timed = async () => {
    const begun = performance.now();
    await action();
    return performance.now() - begun;
  };
  const pending = [];
  const begun = performance.now();
  for (let n = 0; n < rate * seconds; n++) {
    await pause(Math.max(0, begun + (n * 1000) / rate - performance.now()));
    pending.push(timed());
  }
  const latencies = await Promise.all(pending);
  const elapsedSeconds = (performance.now() - begun) / 1000;
  const [p50, p99] = [50, 99].map((share) => percentile(latencies, share));
  return { throughput: latencies.length / elapsedSeconds, p50, p99, cpuMicros: NaN, count: latencies.length };
}

/**
 * Sends `rate` requests a second for `seconds` over `connections` at most, and fails when one is not
 * answered with 200. A request that waits for a connection waits for its answer. One over each
 * connection goes before and is not measured.
 */
export async function arrive({ server, path, headers, connections, rate, seconds }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const ask = async () => {
    const asked = request(server.url + path, { agent, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).end();
    const [answer] = await once(asked, "response");
    await once(answer.resume(), "end");
    if (answer.statusCode !== 200) throw new Error(`${path}: expected 200, got ${answer.statusCode}`);
  };
  try {
    await Promise.all(Array.from({ length: connections }, ask));
    return await steadily({ rate, seconds, action: ask });
  } finally {
    agent.destroy();
  }
}
