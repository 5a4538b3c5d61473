import autocannon from "autocannon";
import { pinThisProcess } from "./lib/cores.mjs";
import { startPlatform } from "./lib/targets.mjs";
import { percentile } from "./lib/statistics.mjs";
import { signUpOrganizer, createEvent, PASSWORD } from "../tests/worker/support/people.mjs";
pinThisProcess("client");
const server = await startPlatform({ settings: { BCRYPT_COST: "10" } });
const organizer = await signUpOrganizer(server);
for (let n = 0; n < 50; n++) await createEvent(organizer, { title: `E${n}` });
const logins = (seconds, connections) => load({ path: "/api/login", connections, seconds, request: { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email: organizer.email, password: PASSWORD }) } });
const reads = (seconds, rate) => load({ path: "/api/events", connections: 8, seconds, rate, headers: { authorization: `Bearer ${organizer.token}` } });
function load({ path, connections, seconds, request = {}, headers = {}, rate }) {
  const lat = []; const codes = {};
  return new Promise((res, rej) => {
    const started = performance.now(); const cpu = server.cpuMicros();
    const run = autocannon({ url: server.url + path, connections, duration: seconds, headers, requests: [request], timeout: 30, sampleInt: 100, ...(rate && { overallRate: rate }) }, (e) => e ? rej(e) : res({ perSecond: lat.length / (performance.now() - started) * 1000, p50: percentile(lat, 50), p99: percentile(lat, 99), max: percentile(lat, 100), cpuMs: (server.cpuMicros() - cpu) / lat.length / 1000, codes }));
    run.on("response", (_c, s, _b, ms) => { lat.push(ms); codes[s] = (codes[s] ?? 0) + 1; });
  });
}
const show = (n, r) => console.log(n, JSON.stringify(r, (k, v) => typeof v === "number" ? Math.round(v * 100) / 100 : v));
await logins(2, 4); 
for (const c of [1, 2, 3, 4, 8, 32]) show(`${c} logins alone`, await logins(3, c));
show("reads alone", await reads(2, 300));
for (const rate of [200, 1000, undefined]) {
const [l, r] = await Promise.all([logins(4, 4), reads(4, rate)]);
show("4 logins", l); show(`  reads ${rate}`, r); }
await server.stop();
process.exit(0);
