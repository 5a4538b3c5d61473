// Everybody wants a seat: 64 clients, each registering one person after another. Into one event, on
// the disk as it is and on one whose every sync takes 3 ms; over 1,000 events; and while others read.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drive } from "../lib/load.mjs";
import { RESTLESS, atRest, inTurns, withServers } from "../lib/rounds.mjs";
import { arrive } from "../lib/steady.mjs";
import { startExpress, startHono, startPlatform } from "../lib/targets.mjs";
import { createEvent, signUpMany, signUpOrganizer } from "../../tests/worker/support/people.mjs";

const CONNECTIONS = 64;
const PEOPLE = 1_024;
/** A commit for each takes so long that a part of the crowd must do. */
const PEOPLE_ONE_BY_ONE = 512;
const EVENTS = 1_000;
const READERS = 8;
const READS_PER_SECOND = 500;

const EACH = { settings: { GROUP_COMMIT: "off" } };

export async function measureRegistrations({ rounds }) {
  const folder = mkdtempSync(join(tmpdir(), "event-platform-bench-"));
  try {
    const preload = compileSlowSync(folder);
    const disk = {
      platform: startPlatform,
      "Hono, group commit": startHono,
      "Hono, a commit for each": (options) => startHono({ ...options, ...EACH }),
    };
    const slow = {
      ...disk,
      "platform, a commit for each": (options) => startPlatform({ ...options, ...EACH }),
    };
    const rows = [];
    rows.push(...(await hotEvent("registering for one event", { ...disk, "Express, memory only": startExpress }, { rounds })));
    rows.push(...(await hotEvent("registering, each sync 3 ms", slow, { rounds: RESTLESS * rounds, preload, folder })));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each round has an event of its own, for which everybody registers once. */
async function hotEvent(scenario, starts, { rounds, preload, folder }) {
  console.log(`  ${scenario}: signing up ${PEOPLE} people with each`);
  const people = {};
  const prepared = Object.fromEntries(
    Object.entries(starts).map(([name, start]) => [name, () => prepare(name, start, people, preload, folder)]),
  );
  return withServers(prepared, async (servers) => {
    const contestants = Object.entries(servers).map(([name, server]) => ({ scenario, name, server }));
    const intoOne = async ({ name, server }) => {
      const event = await createEvent(people[name].organizer.at(server));
      return registerAll(server, people[name].tokens, () => event.id);
    };
    // The first round warms the servers up.
    for (const contestant of contestants) await intoOne(contestant);
    const rows = await inTurns({ rounds, contestants, measure: intoOne });
    if (preload) return rows;
    const spread = await inTurns({
      rounds,
      contestants: contestants.map((contestant) => ({ ...contestant, scenario: "registering for 1,000 events" })),
      measure: ({ name, server }, round) => overEvents(server, people[name], round),
    });
    const beside = await inTurns({
      rounds,
      contestants: contestants.map((contestant) => ({ ...contestant, scenario: "500 reads/s beside registering" })),
      measure: ({ name, server }) => readsBeside(server, people[name]),
    });
    return [...rows, ...spread, ...beside];
  });
}

/** Accounts are made on the fast disk: only then is the slow one put under them. */
async function prepare(name, start, people, preload, folder) {
  const storage = preload && join(folder, name.replaceAll(/\W+/g, "-"));
  const server = await start({ storage });
  const organizer = await signUpOrganizer(server);
  const few = preload && name.includes("each");
  const attendees = await signUpMany(server, few ? PEOPLE_ONE_BY_ONE : PEOPLE);
  people[name] = { organizer, tokens: attendees.map(({ token }) => token) };
  if (!preload) return server;
  await server.stop();
  return start({ storage, preload });
}

/** Begins with a server at rest; what it has promised when it answers belongs to its CPU time. */
async function registerAll(server, tokens, eventId, { rested = false } = {}) {
  if (!rested) {
    await atRest(server);
    await openAccounts(server, tokens);
  }
  let next = 0;
  const before = server.cpuMicros();
  const figures = await drive({
    server,
    path: "/",
    expect: 201,
    request: {
      method: "POST",
      setupRequest: (request) => {
        const n = next++;
        return {
          ...request,
          path: `/api/events/${eventId(n)}/register`,
          headers: { authorization: `Bearer ${tokens[n % tokens.length]}` },
        };
      },
    },
    connections: CONNECTIONS,
    amount: tokens.length,
  });
  await atRest(server);
  return { ...figures, cpuMicros: (server.cpuMicros() - before) / tokens.length };
}

/**
 * Everybody looks at their own account, as people do who have just logged in. workerd puts objects
 * away after ten idle seconds, and the others' turns take longer than that.
 */
function openAccounts(server, tokens) {
  let next = 0;
  const setupRequest = (request) => ({
    ...request,
    headers: { authorization: `Bearer ${tokens[next++ % tokens.length]}` },
  });
  return drive({
    server,
    path: "/api/me",
    request: { setupRequest },
    connections: CONNECTIONS,
    amount: tokens.length,
  });
}

/** Rounds share the events; each has others register for an event. */
async function overEvents(server, person, round) {
  person.events ??= await createMany(person.organizer.at(server), EVENTS);
  return registerAll(server, person.tokens, (n) => person.events[(n + round * 7) % EVENTS].id);
}

/** A few at a time: each of the platform's waits until no lease on the list is out. */
async function createMany(organizer, count, { atOnce = 64 } = {}) {
  const events = [];
  let left = count;
  const createSome = async () => {
    while (left-- > 0) events.push(await createEvent(organizer));
  };
  await Promise.all(Array.from({ length: atOnce }, createSome));
  return events;
}

/** The row is the readers'. */
async function readsBeside(server, { organizer, tokens }) {
  const event = await createEvent(organizer.at(server));
  await atRest(server);
  await openAccounts(server, tokens);
  const [reads] = await Promise.all([
    arrive({
      server,
      path: "/api/events",
      headers: { authorization: `Bearer ${organizer.token}` },
      connections: READERS,
      rate: READS_PER_SECOND,
      seconds: 1,
    }),
    registerAll(server, tokens, () => event.id, { rested: true }),
  ]);
  return reads;
}

function compileSlowSync(folder) {
  const source = fileURLToPath(new URL("../slow-sync.c", import.meta.url));
  const library = join(folder, "slow-sync.so");
  execFileSync("cc", ["-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]);
  return library;
}
