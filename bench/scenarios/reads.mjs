// Reads that memory should answer, each with a token.

import { drive } from "../lib/load.mjs";
import { RESTLESS, inTurns, withServers } from "../lib/rounds.mjs";
import { startExpress, startFloor, startHello, startHono, startPlatform } from "../lib/targets.mjs";
import { createEvent, signUpOrganizer } from "../../tests/worker/support/people.mjs";

const CONNECTIONS = 32;
const EVENTS = 50;

export async function measureReads({ rounds, seconds }) {
  const starts = { platform: startPlatform, Hono: startHono, Express: startExpress };
  return withServers(starts, async (servers) => {
    const contestants = [];
    let list;
    for (const [name, server] of Object.entries(servers)) {
      const { reads, body } = await prepare(name, server);
      contestants.push(...reads);
      list ??= body;
    }
    return withServers({ floor: () => startFloor(list), hello: startHello }, async ({ floor, hello }) => {
      const all = [
        { scenario: "list of 50 events", name: "floor: a fixed body", server: floor, path: "/" },
        { scenario: "list of 50 events", name: "floor: an empty Rust Worker", server: hello, path: "/" },
        ...contestants,
      ];
      const run = (contestant, seconds) => drive({ ...contestant, connections: CONNECTIONS, seconds });
      for (const contestant of all) await run(contestant, 1);
      return inTurns({
        rounds: RESTLESS * rounds,
        contestants: all,
        measure: (contestant) => run(contestant, seconds),
      });
    });
  });
}

async function prepare(name, server) {
  const organizer = await signUpOrganizer(server);
  let event;
  for (let n = 1; n <= EVENTS; n++) {
    event = await createEvent(organizer, { title: `Event ${n}`, capacity: 100 });
  }
  const headers = { authorization: `Bearer ${organizer.token}` };
  const list = await organizer.get("/api/events");
  if (list.body.events.length !== EVENTS) throw new Error(`${name} lists ${list.body.events.length} events`);
  const forged = `${organizer.token.slice(0, -8)}AAAAAAAA`;
  const read = { name, server, path: "/api/events", headers };
  return {
    body: list.text,
    reads: [
      { ...read, scenario: "list of 50 events" },
      {
        ...read,
        scenario: "list, unchanged (304)",
        headers: { ...headers, "if-none-match": list.headers.get("etag") },
        expect: 304,
      },
      { ...read, scenario: "one event", path: `/api/events/${event.id}` },
      {
        ...read,
        scenario: "refused token",
        path: "/api/me",
        headers: { authorization: `Bearer ${forged}` },
        expect: 401,
      },
    ],
  };
}
