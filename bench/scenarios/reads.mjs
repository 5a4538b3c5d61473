// Reads that the isolate's memory should answer, beside an empty Worker, in turns: whatever else
// the machine does bends all of them alike.

import { drive, summary } from "../lib/load.mjs";
import { startHello, startPlatform } from "../lib/targets.mjs";
import { createEvent, signUpOrganizer } from "../../tests/worker/support/people.mjs";

const CONNECTIONS = 32;
const EVENTS = 50;

export async function measureReads({ rounds, seconds }) {
  const [hello, platform] = await Promise.all([startHello(), startPlatform()]);
  try {
    const scenarios = [
      { name: "an empty Worker", server: hello, path: "/" },
      ...(await platformReads(platform)),
    ];
    for (const scenario of scenarios) {
      console.log(`  warming up: ${scenario.name}`);
      await drive({ ...scenario, connections: CONNECTIONS, seconds: 1 });
    }

    const results = scenarios.map(() => []);
    for (let round = 1; round <= rounds; round++) {
      console.log(`  round ${round} of ${rounds}`);
      for (const [index, scenario] of scenarios.entries()) {
        results[index].push(await drive({ ...scenario, connections: CONNECTIONS, seconds }));
      }
    }

    const rows = scenarios.map(({ name }, index) => ({ name, ...summary(results[index]) }));
    return rows.map((row) => ({ ...row, ratio: row.throughput / rows[0].throughput }));
  } finally {
    await Promise.all([hello.stop(), platform.stop()]);
  }
}

async function platformReads(server) {
  const organizer = await signUpOrganizer(server);
  const events = [];
  for (let n = 1; n <= EVENTS; n++) {
    events.push(await createEvent(organizer, { title: `Event ${n}`, capacity: 100 }));
  }
  const headers = { authorization: `Bearer ${organizer.token}` };
  const etag = (await organizer.get("/api/events")).headers.get("etag");
  const list = { server, path: "/api/events", headers };
  return [
    { ...list, name: `GET /api/events (${EVENTS} events)` },
    {
      ...list,
      name: "GET /api/events, unchanged (304)",
      headers: { ...headers, "if-none-match": etag },
      expect: 304,
    },
    { ...list, name: "GET /api/events/:id", path: `/api/events/${events[0].id}` },
  ];
}
