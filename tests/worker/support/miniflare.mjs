// The built worker in miniflare, for what raw workerd cannot be told: to evict an object, to bind a
// rate limiter, and to serve the site beside the worker as `wrangler.toml` says.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Log, LogLevel, Miniflare } from "miniflare";
import { OBJECTS, TEST_SETTINGS, builtWorker, siteConfig } from "./build.mjs";

const WORKER = "event-platform";
const CLOCK = fileURLToPath(new URL("clock-ahead.js", import.meta.url));

/**
 * `env` holds further bindings in miniflare's own terms; `site` says whether files are served. With
 * `clock` the worker's clock can be moved, by a `restart`.
 */
export async function startMiniflare({ settings = {}, env = {}, site = false, clock = false } = {}) {
  const server = new MiniflareServer({ ...TEST_SETTINGS, ...settings }, env, site, clock);
  try {
    await server.start();
  } catch (failure) {
    await server.dispose();
    throw failure;
  }
  return server;
}

class MiniflareServer {
  #settings;
  #env;
  #site;
  #clock;
  #folder = mkdtempSync(join(tmpdir(), "event-platform-"));
  #miniflare;

  url;
  output = "";

  constructor(settings, env, site, clock) {
    this.#clock = clock;
    this.#settings = settings;
    this.#env = env;
    this.#site = site;
  }

  async start() {
    this.#miniflare = new Miniflare({
      host: "127.0.0.1",
      port: 0,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: ({ message }) => (this.output += `${message}\n`),
      resourcePersistencePath: this.#folder,
      telemetry: { enabled: false },
      cf: false,
      workers: [{ config: this.#config() }],
    });
    this.url = (await this.#miniflare.ready).origin;
  }

  /** A new runtime on the same storage, with settings changed. */
  async restart(settings = {}) {
    Object.assign(this.#settings, settings);
    await this.#miniflare.dispose();
    await this.start();
  }

  /** Drops every object from memory; each comes back from its storage when it is next asked. */
  async evictAll() {
    for (const { className } of OBJECTS) {
      for (const id of await this.#miniflare.listDurableObjectIds(className, WORKER)) {
        await this.#miniflare.unsafeEvictDurableObject(WORKER, className, { id });
      }
    }
  }

  /** A bucket that is bound to the worker. */
  bucket(binding) {
    return this.#miniflare.getR2Bucket(binding, WORKER);
  }

  async dispose() {
    // After a failed start, miniflare fails here again.
    await this.#miniflare?.dispose().catch(() => {});
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #config() {
    const { main: built, modules, compatibilityDate, compatibilityFlags } = builtWorker();
    const main = this.#clock ? "clock-ahead.js" : built;
    if (this.#clock) modules.push({ name: main, type: "esm", path: CLOCK });
    const present = Object.entries(this.#settings).filter(([, value]) => value !== undefined);
    return {
      name: WORKER,
      compatibilityDate,
      compatibilityFlags,
      ...(this.#site && { assets: siteConfig() }),
      manifest: {
        mainModule: main,
        modules: Object.fromEntries(
          modules.map(({ name, type, path }) => [
            name,
            { type, contents: readFileSync(path, type === "esm" ? "utf8" : undefined) },
          ]),
        ),
      },
      env: {
        ...Object.fromEntries(
          OBJECTS.map(({ binding, className }) => [
            binding,
            { type: "durable-object", worker: WORKER, exportName: className },
          ]),
        ),
        ...Object.fromEntries(present.map(([name, value]) => [name, { type: "text", value }])),
        ...this.#env,
      },
      exports: Object.fromEntries(
        OBJECTS.map(({ className }) => [className, { type: "durable-object", storage: "sqlite" }]),
      ),
    };
  }
}
