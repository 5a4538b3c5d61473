// Everybody wants into one event: each of 64 clients registers one fresh person after another. On
// the disk as it is, and on one whose every sync takes 3 ms, where it shows whether registrations
// share their commits.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drive, summary } from "../lib/load.mjs";
import { startPlatform } from "../lib/targets.mjs";
import {
  createEvent,
  signUpMany,
  signUpOrganizer,
} from "../../tests/worker/support/people.mjs";

const CONNECTIONS = 64;
const PEOPLE = 2048;

export async function measureRegistrations({ rounds }) {
  const folder = mkdtempSync(join(tmpdir(), "event-platform-bench-"));
  const storage = join(folder, "objects");
  try {
    console.log(`  signing up ${PEOPLE} people`);
    const people = await prepare(storage);
    const preload = compileSlowSync(folder);
    const disks = [
      { name: "register, 64 clients, one event" },
      { name: "the same, each sync 3 ms", preload },
      { name: "the same, a commit for each", preload, settings: { GROUP_COMMIT: "off" } },
    ];
    const rows = [];
    for (const disk of disks) {
      console.log(`  ${disk.name}`);
      rows.push({ name: disk.name, ...(await onDisk({ ...disk, storage, people, rounds })) });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Accounts and tokens, made while no clock runs; the storage keeps the former. */
async function prepare(storage) {
  const server = await startPlatform({ storage });
  try {
    const organizer = await signUpOrganizer(server);
    const attendees = await signUpMany(server, PEOPLE);
    return { organizer, tokens: attendees.map(({ token }) => token) };
  } finally {
    await server.stop();
  }
}

/** Each round has an event of its own, for which everybody registers once. */
async function onDisk({ storage, preload, settings, people, rounds }) {
  const server = await startPlatform({ storage, preload, settings });
  try {
    const results = [];
    for (let round = 1; round <= rounds; round++) {
      const event = await createEvent(people.organizer.at(server));
      results.push(await registerAll(server, event, people.tokens));
    }
    return summary(results);
  } finally {
    await server.stop();
  }
}

function registerAll(server, event, tokens) {
  let next = 0;
  return drive({
    server,
    path: `/api/events/${event.id}/register`,
    expect: 201,
    request: {
      method: "POST",
      setupRequest: (request) => ({
        ...request,
        headers: { authorization: `Bearer ${tokens[next++ % tokens.length]}` },
      }),
    },
    connections: CONNECTIONS,
    amount: tokens.length,
  });
}

function compileSlowSync(folder) {
  const source = fileURLToPath(new URL("../slow-sync.c", import.meta.url));
  const library = join(folder, "slow-sync.so");
  execFileSync("cc", ["-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]);
  return library;
}
