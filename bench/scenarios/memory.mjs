// Memory after many requests, beside the floor's, which answers with the same body: the runtime keeps
// a copy of each body until its next collection. What grows beyond that is a leak.

import { drive } from "../lib/load.mjs";
import { withServers } from "../lib/rounds.mjs";
import { startFloor, startPlatform } from "../lib/targets.mjs";
import { createEvent, signUpOrganizer } from "../../tests/worker/support/people.mjs";

const CONNECTIONS = 32;
const WARM_UP = 20_000;
const SHORT = 100_000;
const FULL = 1_000_000;

export function measureMemory({ full }) {
  const amount = full ? FULL : SHORT;
  const scenario = `growth over ${amount.toLocaleString("en")} requests`;
  return withServers({ platform: startPlatform }, async ({ platform }) => {
    const organizer = await signUpOrganizer(platform);
    for (let n = 0; n < 50; n++) await createEvent(organizer);
    const { text } = await organizer.get("/api/events");
    return withServers({ "floor: a fixed body": () => startFloor(text) }, async (floor) => {
      const headers = { authorization: `Bearer ${organizer.token}` };
      const rows = [];
      for (const [name, server] of Object.entries({ platform, ...floor })) {
        const run = (amount) => drive({ server, path: "/api/events", headers, connections: CONNECTIONS, amount });
        await run(WARM_UP);
        const before = server.residentBytes();
        const figures = await run(amount);
        rows.push({ scenario, name, ...figures, grownBytes: server.residentBytes() - before });
      }
      return rows;
    });
  });
}
