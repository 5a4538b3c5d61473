// Whether time tells if an address has an account: samples of logins with a wrong password and of
// forgotten passwords, known and unknown addresses in turn. Run it while nothing else runs:
//
//     node bench/timing.mjs

import { fileURLToPath } from "node:url";
import { pinThisProcess } from "./lib/cores.mjs";
import { median } from "./lib/statistics.mjs";
import { startServer } from "./lib/workerd.mjs";

/** Samples of each kind; an account is asked for fewer times than its guesses would lead to a pause. */
const SAMPLES = 200;
const TRIES_PER_ADDRESS = 4;
/** Milliseconds in which what an answer leaves to be done is done. */
const QUIET_MS = 25;
const PASSWORD = "correct horse battery";

pinThisProcess("client");
const server = await startServer({
  directory: fileURLToPath(new URL("../build/", import.meta.url)),
  compatibilityDate: "2026-07-01",
  objects: ["ACCOUNTS:Account", "EVENTS:Event", "CATALOG:Catalog"].map((pair) => {
    const [binding, className] = pair.split(":");
    return { binding, className };
  }),
  settings: {
    JWT_SECRET: "a-secret-for-measuring-with-more-than-32-bytes",
    PUBLIC_URL: "https://events.example",
    ALLOW_LOG_MAIL: "true",
  },
});

const post = (path, body) =>
  fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });

async function milliseconds(path, body, status) {
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  const begun = performance.now();
  const answer = await post(path, body);
  await answer.arrayBuffer();
  const took = performance.now() - begun;
  if (answer.status !== status) throw new Error(`${path} answered ${answer.status}`);
  return took;
}

async function compare(name, path, body, status) {
  const times = { known: [], unknown: [] };
  for (let sample = 0; sample < SAMPLES; sample++) {
    const kinds = Math.random() < 0.5 ? ["known", "unknown"] : ["unknown", "known"];
    for (const kind of kinds) {
      const email = `${kind}-${Math.floor(sample / TRIES_PER_ADDRESS)}@example.com`;
      times[kind].push(await milliseconds(path, { email, ...body }, status));
    }
  }
  const [known, unknown] = [median(times.known), median(times.unknown)];
  const percent = (unknown / known - 1) * 100;
  console.log(
    `${name}: ${SAMPLES} each, median ${known.toFixed(2)} ms known, ${unknown.toFixed(2)} ms unknown (${percent.toFixed(1)} %)`,
  );
}

try {
  for (let account = 0; account < SAMPLES / TRIES_PER_ADDRESS; account++) {
    const answer = await post("/api/register", { email: `known-${account}@example.com`, password: PASSWORD });
    if (answer.status !== 201) throw new Error(`a sign-up was answered ${answer.status}`);
  }
  await compare("login with a wrong password", "/api/login", { password: "not the password" }, 401);
  await compare("forgotten password", "/api/password/forgot", {}, 202);
} finally {
  await server.stop();
}
