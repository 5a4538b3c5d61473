// The built worker on raw `workerd serve`, the runtime itself with nothing in front: it can be
// killed, restarted on the same storage, and run as several isolates over one set of objects.

import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import workerd from "workerd";
import { OBJECTS, TEST_SETTINGS, builtWorker } from "./build.mjs";
import { eventually } from "./eventually.mjs";

const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 5_000;

/** A module of this folder. */
const support = (name) => ({ name, type: "esm", path: fileURLToPath(new URL(name, import.meta.url)) });

/**
 * Starts a server in a folder of its own.
 *
 * `settings` are added to `TEST_SETTINGS`; one that is `undefined` is left out. `isolates` is the
 * number of worker services, each on its own port; the first one owns the objects. `builds` names the build of
 * each, today's where it names none. `around` names modules of
 * this folder that stand around the Worker, the one that the runtime loads first: with `counting.js` the objects
 * say when they are asked, with `faults.js` they fail when told to. `flags` go to the JavaScript engine.
 * `outbound` is the port of a proxy that all calls to elsewhere go to.
 */
export async function startWorkerd(options = {}) {
  const { settings = {}, isolates = 1, builds = [], around = [], flags = [], outbound } = options;
  const server = new Workerd({ ...TEST_SETTINGS, ...settings }, isolates, builds, around, flags, outbound);
  try {
    await server.start();
  } catch (failure) {
    await server.dispose();
    throw failure;
  }
  return server;
}

class Workerd {
  #settings;
  #builds;
  #around;
  #flags;
  #outbound;
  #folder = mkdtempSync(join(tmpdir(), "event-platform-"));
  #process;
  #output = "";

  /** One `{ url }` for each isolate. The url changes with every start. */
  isolates;

  constructor(settings, isolates, builds, around, flags, outbound) {
    this.#settings = settings;
    this.#builds = builds;
    this.#around = around.map(support);
    this.#flags = flags;
    this.#outbound = outbound;
    this.isolates = Array.from({ length: isolates }, () => ({ url: undefined }));
    mkdirSync(join(this.#folder, "objects"));
  }

  /** Where the first isolate answers. */
  get url() {
    return this.isolates[0].url;
  }

  /** All that the runtime and the worker have printed, over every restart. */
  get output() {
    return this.#output;
  }

  /** How many commands objects of a class were given, over every restart; needs `counting.js`. */
  asked(className) {
    return this.#said(`${className} was asked\n`);
  }

  /** How many calls have brought commands of several requests; needs `counting.js`. */
  calledForMany(className) {
    return this.#said(`${className} was called for many\n`);
  }

  /** The databases of a class's objects, for whoever writes to them while the server is stopped. */
  databases(className) {
    const folder = join(this.#folder, "objects", className);
    const isObject = (name) => name.endsWith(".sqlite") && name !== "metadata.sqlite";
    return readdirSync(folder).filter(isObject).map((name) => join(folder, name));
  }

  #said(line) {
    return this.#output.split(line).length - 1;
  }

  async start() {
    const config = join(this.#folder, "config.capnp");
    writeFileSync(config, this.#config());
    // The control descriptor tells which free ports the runtime was given.
    const child = spawn(workerd.default, ["serve", "--import-path=/", "--control-fd=3", config], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    this.#process = child;
    child.exited = new Promise((resolve) => child.once("exit", resolve));
    const killWithUs = () => child.kill("SIGKILL");
    process.once("exit", killWithUs);
    child.once("exit", () => process.removeListener("exit", killWithUs));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.#output += text));
    }
    await this.#listening(child);
    if (child.exitCode !== null) {
      throw new Error(`workerd ended with ${child.exitCode} before it answered:\n${this.#output}`);
    }
  }

  /** Lets the runtime shut down in its own way. */
  async stop() {
    await this.#end("SIGTERM");
  }

  /** Ends the runtime between two instructions, as a crash does. */
  async kill9() {
    await this.#end("SIGKILL");
  }

  /** Stops if running, then starts on the same storage, with `settings` or `builds` changed. */
  async restart(settings = {}, builds = this.#builds) {
    await this.stop();
    Object.assign(this.#settings, settings);
    this.#builds = builds;
    await this.start();
  }

  /** Stops and removes the folder. */
  async dispose() {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal) {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const impatient = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    await child.exited;
    clearTimeout(impatient);
  }

  async #listening(child) {
    const ports = new Map();
    let pending = "";
    child.stdio[3].setEncoding("utf8").on("data", (text) => {
      const lines = (pending + text).split("\n");
      pending = lines.pop();
      for (const line of lines) {
        const message = JSON.parse(line);
        if (message.event === "listen") ports.set(message.socket, message.port);
      }
    });
    for (const [index, isolate] of this.isolates.entries()) {
      await eventually(
        async () => {
          if (child.exitCode !== null) return;
          const port = ports.get(isolateName(index));
          if (!port) throw new Error(`${isolateName(index)} does not listen`);
          isolate.url = `http://127.0.0.1:${port}`;
          // Any answer will do: a misconfigured worker answers 503.
          await fetch(`${isolate.url}/api/health`, { signal: AbortSignal.timeout(2_000) });
        },
        { within: START_DEADLINE_MS },
      );
    }
  }

  #config() {
    const isolates = this.isolates.map((_, index) => index);
    const services = isolates.map((i) => `(name = "${isolateName(i)}", worker = .isolate${i})`);
    const socket = (name) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`;
    return `
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = ${list([
    ...services,
    `(name = "objects", disk = (path = ${text(join(this.#folder, "objects"))}, writable = true))`,
    `(name = "internet", ${this.#internet()})`,
  ])},
  sockets = ${list(isolates.map((i) => socket(isolateName(i))))},
  v8Flags = [${this.#flags.map(text).join(", ")}],
);
${isolates.map((i) => this.#workerConfig(i)).join("")}`;
  }

  #internet() {
    if (this.#outbound === undefined) return `network = (allow = ["public", "private"])`;
    return `external = (address = "127.0.0.1:${this.#outbound}", http = (style = proxy))`;
  }

  /** The first isolate holds the objects; the others reach them by its name. */
  #workerConfig(index) {
    const { modules, compatibilityDate, compatibilityFlags } = builtWorker(this.#builds[index]);
    modules.unshift(...this.#around);
    const embed = { esm: "esModule", wasm: "wasm" };
    const module = ({ name, type, path }) => `(name = "${name}", ${embed[type]} = embed ${text(path)})`;
    const owner = index === 0 ? "" : `, serviceName = "${isolateName(0)}"`;
    const objectBinding = ({ binding, className }) =>
      `(name = "${binding}", durableObjectNamespace = (className = "${className}"${owner}))`;
    const settings = Object.entries(this.#settings).filter(([, value]) => value !== undefined);
    const settingBinding = ([name, value]) => `(name = "${name}", text = ${text(String(value))})`;
    return `
const isolate${index} :Workerd.Worker = (
  modules = ${list(modules.map(module))},
  compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = [${compatibilityFlags.map(text).join(", ")}],
  bindings = ${list([...OBJECTS.map(objectBinding), ...settings.map(settingBinding)])},
${index === 0 ? objectStorage() : ""});
`;
  }
}

function objectStorage() {
  const namespace = ({ className }) =>
    `(className = "${className}", uniqueKey = "${className}", enableSql = true)`;
  return `  durableObjectNamespaces = ${list(OBJECTS.map(namespace))},
  durableObjectStorage = (localDisk = "objects"),
`;
}

const list = (items) => `[\n    ${items.join(",\n    ")},\n  ]`;

const isolateName = (index) => `isolate-${index}`;

/** A Cap'n Proto text literal; JSON's is the same for what settings hold. */
const text = (value) => JSON.stringify(value);
