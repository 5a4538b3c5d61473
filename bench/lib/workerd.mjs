// A built Worker on raw `workerd serve`: the runtime itself, with no proxy in front, on a core of
// its own where the system can pin. Unlike the tests' server it throws output away (collecting it
// would be part of what is measured) and lets the caller slow the disk down and read the CPU time.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import workerd from "workerd";
import { pinned } from "./cores.mjs";
import { measured } from "./process.mjs";

const START_DEADLINE_MS = 10_000;
const CONFIG_MAX_BYTES = 16 * 1024 * 1024;
const WASM = "index_bg.wasm";

/**
 * Starts the Worker in `directory` (`index.js`, and `index_bg.wasm` if it has one).
 *
 * `objects` lists its Durable Object classes, `settings` its text bindings. `storage` is a folder
 * that outlives the server; without one a folder is made and removed. `preload` is a library that
 * stands between workerd and the C library, `cores` where the process runs. `around` are modules that stand
 * around the Worker, the one that the runtime loads first, and `flags` go to the JavaScript engine. The answer's
 * `spawnedAt` is when it began, which is after peers were bundled and the configuration was written.
 */
export async function startServer({
  directory,
  compatibilityDate,
  objects = [],
  settings = {},
  storage,
  preload,
  cores = "server",
  around = [],
  flags = [],
}) {
  const folder = mkdtempSync(join(tmpdir(), "event-platform-bench-"));
  const disk = storage ?? join(folder, "objects");
  mkdirSync(disk, { recursive: true });
  const config = join(folder, "config.capnp");
  writeFileSync(config, capnp({ directory, compatibilityDate, objects, settings, disk, around, flags }));

  const [program, ...args] = pinned(cores, [
    workerd.default, "serve", "--binary", "--control-fd=3", compiled(config),
  ]);
  const spawnedAt = performance.now();
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, ...(preload && { LD_PRELOAD: preload }) },
  });
  const server = measured(child);

  const port = await listeningPort(child);
  return {
    url: `http://127.0.0.1:${port}`,
    ...server,
    spawnedAt,
    async stop(signal) {
      await server.stop(signal);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** workerd says on its control channel where it listens. */
function listeningPort(child) {
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    if (complaint.length < 10_000) complaint += text;
  });
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(`workerd did not start:\n${complaint}`));
    const impatient = setTimeout(fail, START_DEADLINE_MS);
    child.once("exit", fail).once("error", reject);
    let pending = "";
    child.stdio[3].setEncoding("utf8").on("data", (text) => {
      pending += text;
      const listening = pending.match(/^.*"event":"listen".*"port":(\d+).*$/m);
      if (!listening) return;
      clearTimeout(impatient);
      resolve(Number(listening[1]));
    });
  });
}

/**
 * The configuration as wrangler hands it to workerd. From text, a start would contain the reading of
 * a schema, and of every byte of the modules as a part of it.
 */
function compiled(config) {
  const binary = `${config}.bin`;
  const args = ["compile", "--config-only", "--import-path=/", config];
  writeFileSync(binary, execFileSync(workerd.default, args, { maxBuffer: CONFIG_MAX_BYTES }));
  return binary;
}

function capnp({ directory, compatibilityDate, objects, settings, disk, around, flags }) {
  const text = JSON.stringify;
  const bindings = [
    ...objects.map(({ binding, className }) =>
      `(name = "${binding}", durableObjectNamespace = "${className}")`),
    ...Object.entries(settings).map(([name, value]) => `(name = "${name}", text = ${text(value)})`),
  ];
  const modules = [...around, join(directory, "index.js")].map(
    (path) => `(name = "${basename(path)}", esModule = embed ${text(path)})`,
  );
  const wasm = join(directory, WASM);
  if (existsSync(wasm)) modules.push(`(name = "${WASM}", wasm = embed ${text(wasm)})`);
  const namespaces = objects.map(({ className }) =>
    `(className = "${className}", uniqueKey = "${className}", enableSql = true)`);
  return `
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "objects", disk = (path = ${text(disk)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
  v8Flags = [${flags.map(text)}],
);

const worker :Workerd.Worker = (
  modules = [${modules}],
  compatibilityDate = ${text(compatibilityDate)},
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "objects"),
);
`;
}
