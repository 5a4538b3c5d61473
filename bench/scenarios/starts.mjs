// How long until the first right answer: of a fresh process, and of one that comes back after
// `kill -9` with 100,000 registrations in an event.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RESTLESS, inTurns } from "../lib/rounds.mjs";
import { startFloor, startHello, startHono, startPlatform } from "../lib/targets.mjs";
import { fillEvent } from "../../tests/worker/support/large-events.mjs";
import { createEvent, register, signUp, signUpOrganizer } from "../../tests/worker/support/people.mjs";

const SEATS_TAKEN = 100_000;

export async function measureStarts({ rounds }) {
  return [...(await measureColdStarts({ rounds })), ...(await measureRestart({ rounds }))];
}

/**
 * On a disk where the server has been before: creating its databases is no part of a start. On all
 * cores: the client only waits meanwhile, and V8 checks wasm on threads of its own.
 */
async function measureColdStarts({ rounds }) {
  const folder = mkdtempSync(join(tmpdir(), "event-platform-bench-"));
  try {
    const scenario = "cold start";
    const cores = "all";
    const contestants = [
      { scenario, name: "floor: a fixed body", start: () => startFloor("{}", { cores }), path: "/" },
      { scenario, name: "floor: an empty Rust Worker", start: () => startHello({ cores }), path: "/" },
      { scenario, name: "platform", start: () => startPlatform({ cores, storage: join(folder, "platform") }), path: "/api/health" },
      { scenario, name: "Hono", start: () => startHono({ cores, storage: join(folder, "hono") }), path: "/api/nothing" },
    ];
    const measure = async ({ start, path }) => {
      const server = await start();
      return firstAnswer(server, server.spawnedAt, () => fetch(server.url + path).then((answer) => answer.text()));
    };
    for (const contestant of contestants) await measure(contestant);
    return await inTurns({ rounds: RESTLESS * rounds, contestants, measure });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureRestart({ rounds }) {
  const storage = mkdtempSync(join(tmpdir(), "event-platform-bench-"));
  try {
    const { organizer, event } = await fill(storage);
    const isRight = async (server) => {
      const { body } = await organizer.at(server).get(`/api/events/${event.id}`);
      const { confirmed } = body.event.seats;
      if (confirmed !== SEATS_TAKEN + 1) throw new Error(`${confirmed} seats are taken after a restart`);
    };
    const contestant = { scenario: `restart, ${SEATS_TAKEN.toLocaleString("en")} registrations`, name: "platform" };
    const measure = async () => {
      const server = await startPlatform({ storage });
      await isRight(server);
      await server.stop("SIGKILL");
      const restarted = await startPlatform({ storage });
      return firstAnswer(restarted, performance.now(), isRight);
    };
    return await inTurns({ rounds, contestants: [contestant], measure });
  } finally {
    rmSync(storage, { recursive: true, force: true });
  }
}

/** Milliseconds from `begun` to a server's answer, which ends the server. */
async function firstAnswer(server, begun, ask) {
  try {
    await ask(server);
    const ms = performance.now() - begun;
    return { throughput: NaN, p50: ms, p99: NaN, cpuMicros: NaN };
  } finally {
    await server.stop();
  }
}

/**
 * An event with one registration made through the API and all others written into its database as
 * copies of that row: made through the API they would take the better part of an hour.
 */
async function fill(storage) {
  let server = await startPlatform({ storage });
  const organizer = await signUpOrganizer(server);
  const event = await createEvent(organizer);
  await register(await signUp(server), event);
  await server.stop();

  const [file] = readdirSync(join(storage, "Event")).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
  fillEvent(join(storage, "Event", file), { confirmed: SEATS_TAKEN });

  server = await startPlatform({ storage });
  const late = await register(await signUp(server), event);
  if (late.status !== 201) throw new Error(`a registration after filling: ${late.text}`);
  await server.stop();
  return { organizer, event };
}
