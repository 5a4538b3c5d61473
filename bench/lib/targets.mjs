// What is measured: the platform and its peers, each as a server with the same API.

import { fork, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { JWT_SECRET, OBJECTS, builtWorker } from "../../tests/worker/support/build.mjs";
import { canPin, pinPid } from "./cores.mjs";
import { measured } from "./process.mjs";
import { startServer } from "./workerd.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const peer = (name) => path(`../peers/${name}`);

// Defaults, except that preparing thousands of accounts must not take minutes of hashing.
const SETTINGS = { JWT_SECRET, BCRYPT_COST: "4" };

const { compatibilityDate } = builtWorker();

/** The platform, all else at its default; one organizer makes more events than a session may. */
export const startPlatform = ({ settings, ...options } = {}) =>
  startServer({
    directory: path("../../build"),
    compatibilityDate,
    objects: OBJECTS,
    settings: { ...SETTINGS, MAIL_PROVIDER: "log", CHANGES_BURST: "1000000", ...settings },
    ...options,
  });

/** The platform with a call that collects garbage: `fault(server, "memory")`. */
export const startCollecting = (options) =>
  startPlatform({
    ...options,
    around: ["faults.js", "instances.js"].map((name) => path(`../../tests/worker/support/${name}`)),
    flags: ["--expose-gc"],
  });

/** The least that a Rust Worker can be. */
export const startHello = (options) =>
  startServer({ directory: peer("hello/build"), compatibilityDate, ...options });

/** The least that a Worker can be: it answers `body` to everything. */
export const startFloor = (body, options) =>
  startServer({ directory: bundled("floor"), compatibilityDate, settings: { BODY: body }, ...options });

export const startHono = ({ settings, ...options } = {}) =>
  startServer({
    directory: bundled("hono"),
    compatibilityDate,
    objects: OBJECTS,
    settings: { ...SETTINGS, GROUP_COMMIT: "on", ...settings },
    ...options,
  });

export async function startExpress({ settings } = {}) {
  installPeers();
  const child = fork(peer("express/server.mjs"), {
    env: { ...process.env, NODE_ENV: "production", ...SETTINGS, ...settings },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  if (canPin) pinPid("server", child.pid);
  const server = measured(child);
  const { port } = await new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", (code) => reject(new Error(`Express ended with ${code} before it listened`)));
  });
  return { url: `http://127.0.0.1:${port}`, ...server };
}

/** Puts a peer and what it needs into one module. */
function bundled(name) {
  installPeers();
  const directory = peer(`${name}/build`);
  buildSync({
    entryPoints: [peer(`${name}/worker.mjs`)],
    outfile: `${directory}/index.js`,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker"],
    platform: "browser",
    external: ["cloudflare:workers"],
    logLevel: "error",
  });
  return directory;
}

function installPeers() {
  if (existsSync(path("../node_modules/.package-lock.json"))) return;
  console.log("Installing what the peers need from npm");
  const { status } = spawnSync("npm", ["ci", "--loglevel=error"], { cwd: path(".."), stdio: "inherit" });
  if (status !== 0) throw new Error("npm ci in bench/ failed");
}
