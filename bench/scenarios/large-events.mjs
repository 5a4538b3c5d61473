// What an event with a great many registrations costs: the time to the first right answer after
// `kill -9`, and memory on top of what a Worker has that does the same with an event of one: as it stands,
// and once the engine has collected its garbage, which it does when it sees fit.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drive } from "../lib/load.mjs";
import { median } from "../lib/statistics.mjs";
import { startCollecting, startPlatform } from "../lib/targets.mjs";
import { fault } from "../../tests/worker/support/fault.mjs";
import { fillEvent } from "../../tests/worker/support/large-events.mjs";
import { createEvent, register, signUp, signUpMany, signUpOrganizer } from "../../tests/worker/support/people.mjs";

const SIZES = [100_000, 230_000, 1_000_000];
/** Of all; the others wait. */
const CONFIRMED = 0.6;
const LATE = 1_000;
const CONNECTIONS = 16;

export async function measureLargeEvents({ rounds }) {
  const small = await measureEvent(1, rounds);
  const rows = [];
  for (const size of SIZES) {
    const large = await measureEvent(size, rounds);
    const scenario = `an event of ${size.toLocaleString("en")}`;
    rows.push({ scenario, name: "restart", ...nothing, p50: large.restartMs });
    for (const [name, bytes] of Object.entries(large.bytes)) {
      rows.push({ scenario, name, ...nothing, grownBytes: bytes - small.bytes[name] });
    }
    const { throughput, p50, p99, cpuMicros } = large.registering;
    rows.push({ scenario, name: "registering", throughput, p50, p99, cpuMicros });
  }
  const { throughput, p50, p99, cpuMicros } = small.registering;
  rows.push({ scenario: "an event of 1", name: "registering", throughput, p50, p99, cpuMicros });
  return rows;
}

const nothing = { throughput: NaN, p50: NaN, p99: NaN, cpuMicros: NaN };

async function measureEvent(size, rounds) {
  const storage = mkdtempSync(join(tmpdir(), "event-platform-bench-"));
  try {
    console.log(`  an event of ${size.toLocaleString("en")}`);
    const prepared = await prepare(storage, size);
    const restarts = [];
    for (let round = 0; round < rounds; round++) restarts.push(await measureRestart(storage, prepared, size));
    return { restartMs: median(restarts), ...(await measureMemory(storage, prepared, size)) };
  } finally {
    rmSync(storage, { recursive: true, force: true });
  }
}

async function prepare(storage, size) {
  const server = await startPlatform({ storage });
  const organizer = await signUpOrganizer(server);
  const confirmed = Math.max(1, Math.floor(size * CONFIRMED));
  const event = await createEvent(organizer, size > 1 ? { capacity: confirmed } : {});
  await register(await signUp(server), event);
  const late = await signUpMany(server, LATE);
  await server.stop();
  if (size > 1) fillEvent(databaseOf(storage), { confirmed, waitlisted: size - confirmed });
  const prepared = { organizer, event, tokens: late.map(({ token }) => token) };
  const started = await startPlatform({ storage });
  const begun = performance.now();
  await isRight(started, prepared, size);
  console.log(`    counted when first loaded: ${(performance.now() - begun).toFixed(0)} ms`);
  await started.stop();
  return prepared;
}

function databaseOf(storage) {
  const isEvent = (name) => name.endsWith(".sqlite") && name !== "metadata.sqlite";
  return join(storage, "Event", readdirSync(join(storage, "Event")).find(isEvent));
}

async function isRight(server, { organizer, event }, size) {
  const { body } = await organizer.at(server).get(`/api/events/${event.id}`);
  const { confirmed, waitlisted } = body.event.seats;
  if (confirmed + waitlisted !== size) throw new Error(`${confirmed + waitlisted} are registered, not ${size}`);
}

async function measureRestart(storage, prepared, size) {
  const server = await startPlatform({ storage });
  await isRight(server, prepared, size);
  await server.stop("SIGKILL");
  const restarted = await startPlatform({ storage });
  const begun = performance.now();
  await isRight(restarted, prepared, size);
  const ms = performance.now() - begun;
  await restarted.stop();
  return ms;
}

async function measureMemory(storage, prepared, size) {
  const server = await startCollecting({ storage });
  const weigh = async (bytes, when) => {
    bytes[`memory ${when}`] = server.residentBytes();
    await fault(server, "memory");
    bytes[`memory ${when}, collected`] = server.residentBytes();
  };
  try {
    await fetch(`${server.url}/api/health`).then((answer) => answer.text());
    const bytes = {};
    await isRight(server, prepared, size);
    await weigh(bytes, "once loaded");
    const csvMs = await readSpreadsheet(server, prepared, size);
    console.log(`    the CSV took ${(csvMs / 1000).toFixed(1)} s`);
    await weigh(bytes, "after the CSV");
    const registering = await registerAll(server, prepared);
    await weigh(bytes, `after ${LATE.toLocaleString("en")} more`);
    return { bytes, registering };
  } finally {
    await server.stop();
  }
}

async function readSpreadsheet(server, { organizer, event }, size) {
  const begun = performance.now();
  const headers = { authorization: `Bearer ${organizer.token}`, accept: "text/csv" };
  const answer = await fetch(`${server.url}/api/events/${event.id}/registrations`, { headers });
  let lines = 0;
  for await (const chunk of answer.body) for (const byte of chunk) if (byte === 10) lines++;
  if (lines !== size + 1) throw new Error(`the CSV has ${lines} lines, not ${size + 1}`);
  return performance.now() - begun;
}

function registerAll(server, { event, tokens }) {
  let next = 0;
  return drive({
    server,
    path: "/",
    expect: 201,
    request: {
      method: "POST",
      setupRequest: (request) => ({
        ...request,
        path: `/api/events/${event.id}/register`,
        headers: { authorization: `Bearer ${tokens[next++ % tokens.length]}` },
      }),
    },
    connections: CONNECTIONS,
    amount: tokens.length,
  });
}
