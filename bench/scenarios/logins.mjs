// Logins at bcrypt's cost 10, one and four at a time, by themselves, while others read, and while
// somebody else floods the server with logins: what a login costs, and what others feel of it. Express's bcrypt has threads of its own; all share one core.

import { drive } from "../lib/load.mjs";
import { inTurns, withServers } from "../lib/rounds.mjs";
import { arrive } from "../lib/steady.mjs";
import { startExpress, startPlatform } from "../lib/targets.mjs";
import { PASSWORD, createEvent, signUpOrganizer } from "../../tests/worker/support/people.mjs";

const SETTINGS = { settings: { BCRYPT_COST: "10" } };
const LOGINS = 4;
/** Logins that a client who floods has on their way at any time. */
const FLOOD = 64;
const READERS = 8;
const READS_PER_SECOND = 200;
const EVENTS = 50;
/** So that a hundredth of the reads is more than a few. */
const SECONDS_MIN = 6;

export async function measureLogins({ rounds, seconds: asked }) {
  const seconds = Math.max(asked, SECONDS_MIN);
  const starts = { platform: () => startPlatform(SETTINGS), Express: () => startExpress(SETTINGS) };
  return withServers(starts, async (servers) => {
    const contestants = [];
    for (const [name, server] of Object.entries(servers)) {
      const organizer = await signUpOrganizer(server);
      for (let n = 0; n < EVENTS; n++) await createEvent(organizer);
      contestants.push({ name, server, organizer });
    }
    for (const contestant of contestants) await logIn(contestant, { atOnce: LOGINS, seconds: 2 });
    const named = (scenario) => contestants.map((contestant) => ({ ...contestant, scenario }));
    const alone = (scenario, atOnce) =>
      inTurns({
        rounds,
        contestants: named(scenario),
        measure: (contestant) => logIn(contestant, { atOnce, seconds }),
      });
    const one = await alone("1 login at a time, cost 10", 1);
    const four = await alone("4 logins at a time, cost 10", LOGINS);
    const beside = await inTurns({
      rounds,
      contestants: named("200 reads/s beside 4 logins"),
      measure: async (contestant) => {
        const [reads] = await Promise.all([
          read(contestant, seconds),
          logIn(contestant, { atOnce: LOGINS, seconds }),
        ]);
        return reads;
      },
    });
    const flooded = await inTurns({
      rounds,
      contestants: named("1 login at a time beside a flood of 64 from another address"),
      measure: async (contestant) => {
        const [person] = await Promise.all([
          logIn(contestant, { atOnce: 1, seconds, from: "198.51.100.1" }),
          logIn(contestant, { atOnce: FLOOD, seconds, from: "192.0.2.1" }),
        ]);
        return person;
      },
    });
    return [...one, ...four, ...beside, ...flooded];
  });
}

const logIn = ({ server, organizer }, { atOnce, seconds, from = "203.0.113.1" }) =>
  drive({
    server,
    path: "/api/login",
    headers: { "content-type": "application/json", "cf-connecting-ip": from },
    request: { method: "POST", body: JSON.stringify({ email: organizer.email, password: PASSWORD }) },
    connections: atOnce,
    seconds,
  });

const read = ({ server, organizer }, seconds) =>
  arrive({
    server,
    path: "/api/events",
    headers: { authorization: `Bearer ${organizer.token}` },
    connections: READERS,
    rate: READS_PER_SECOND,
    seconds,
  });
