// Drives one server with autocannon and says what it cost.

import autocannon from "autocannon";
import { median, percentile } from "./statistics.mjs";

/** Of its core's time; beyond it the client may be what is measured. */
const CLIENT_LIMIT = 0.9;

/**
 * Sends requests over `connections` for `seconds`, or `amount` of them, and fails when one is not
 * answered with status `expect`. `server` is what `startServer` gives, `request` what autocannon takes.
 */
export async function drive({
  server,
  path,
  headers = {},
  expect = 200,
  request = {},
  connections,
  seconds,
  amount,
}) {
  const latencies = [];
  const unexpected = new Map();
  const serverBefore = server.cpuMicros();
  const clientBefore = process.cpuUsage();
  const started = performance.now();
  let answered = started;

  await new Promise((resolve, reject) => {
    const run = autocannon(
      {
        url: server.url + path,
        connections,
        ...(amount ? { amount } : { duration: seconds }),
        headers,
        requests: [request],
        // Seconds; a slow disk makes one request wait for many.
        timeout: 30,
        // Milliseconds: how often autocannon looks whether it is done.
        sampleInt: 100,
      },
      (error, result) => {
        if (error) reject(error);
        else if (result.errors > 0) reject(new Error(`${path}: ${result.errors} requests failed`));
        else resolve();
      },
    );
    run.on("response", (_client, status, _bytes, millis) => {
      answered = performance.now();
      latencies.push(millis);
      if (status !== expect) unexpected.set(status, (unexpected.get(status) ?? 0) + 1);
    });
  });

  const elapsedMicros = (answered - started) * 1000;
  if (unexpected.size > 0) {
    const counts = [...unexpected].map(([status, count]) => `${count} × ${status}`).join(", ");
    throw new Error(`${path}: expected only ${expect}, got ${counts} among ${latencies.length}`);
  }
  const client = process.cpuUsage(clientBefore);
  if ((client.user + client.system) / elapsedMicros > CLIENT_LIMIT) {
    console.warn(`  ${path}: the client was busy throughout; the server may be faster than this`);
  }
  const count = latencies.length;
  return {
    throughput: (count / elapsedMicros) * 1e6,
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    cpuMicros: serverBefore === undefined ? NaN : (server.cpuMicros() - serverBefore) / count,
  };
}

/** The median of each figure over the rounds of one scenario. */
export function summary(rounds) {
  const figures = Object.keys(rounds[0]);
  return Object.fromEntries(figures.map((key) => [key, median(rounds.map((round) => round[key]))]));
}
