// Leases and writes: one client creates ten events a second while 32 connections read the list as
// fast as they can. How long a creation takes, and how many of the reads had to ask the Catalog.

import { drive, summary } from "../lib/load.mjs";
import { steadily } from "../lib/steady.mjs";
import { createEvent, signUpOrganizer } from "../../tests/worker/support/people.mjs";
import { startWorkerd } from "../../tests/worker/support/workerd.mjs";

const EVENTS = 50;
const CONNECTIONS = 32;
const CREATIONS_PER_SECOND = 10;

export async function measureWrites({ rounds, seconds }) {
  const server = await startWorkerd({ around: ["counting.js"], settings: { CACHE_LEASE_MS: "1000" } });
  try {
    const organizer = await signUpOrganizer(server);
    for (let n = 0; n < EVENTS; n++) await createEvent(organizer);
    const results = [];
    for (let round = 1; round <= rounds; round++) {
      console.log(`  round ${round} of ${rounds}`);
      results.push(await oneRound(server, organizer, seconds));
    }
    const row = (scenario, rows) => ({ scenario, name: "platform", ...summary(rows) });
    return [
      row("list beside 10 creations/s", results.map(({ reads }) => reads)),
      row("10 creations/s beside", results.map(({ creations }) => creations)),
    ];
  } finally {
    await server.dispose();
  }
}

async function oneRound(server, organizer, seconds) {
  const asked = server.asked("Catalog");
  const [reads, creations] = await Promise.all([
    drive({
      server: { url: server.url, cpuMicros: () => undefined },
      path: "/api/events",
      connections: CONNECTIONS,
      seconds,
    }),
    steadily({ rate: CREATIONS_PER_SECOND, seconds, action: () => createEvent(organizer) }),
  ]);
  // Each creation is a question, too: its report.
  const questions = server.asked("Catalog") - asked - creations.count;
  const count = reads.throughput * seconds;
  return { reads: { ...reads, asked: questions / count }, creations };
}
