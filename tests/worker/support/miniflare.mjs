// The built worker in miniflare, for what raw workerd cannot be told: to evict an object, to bind a
// rate limiter or a sender of mail, and to serve the site beside the worker as `wrangler.toml` says.

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Log, LogLevel, Miniflare } from "miniflare";
import { OBJECTS, TEST_SETTINGS, builtWorker, siteConfig } from "./build.mjs";
import { eventually } from "./eventually.mjs";

const WORKER = "event-platform";

/**
 * `env` holds further bindings in miniflare's own terms, `beside` the configurations of further Workers that
 * they lead to; `site` says whether files are served.
 */
export async function startMiniflare({ settings = {}, env = {}, beside = [], site = false } = {}) {
  const server = new MiniflareServer({ ...TEST_SETTINGS, ...settings }, env, beside, site);
  try {
    await server.start();
  } catch (failure) {
    await server.dispose();
    throw failure;
  }
  return server;
}

/** The mails to an address, once so many were given to the `send-email` binding and all of them are written. */
export function sentMailsTo(server, address, count) {
  return eventually(
    async () => {
      const mails = (await server.sentMails()).filter(({ to }) => to.includes(address));
      const written = ({ text, html, attachments }) => text && html && attachments.every(({ content }) => content);
      if (mails.length >= count && mails.every(written)) return mails;
      throw new Error(`${mails.length} of ${count} mails to ${address}`);
    },
    { within: 45_000, every: 200 },
  );
}

class MiniflareServer {
  #settings;
  #env;
  #beside;
  #site;
  #folder = mkdtempSync(join(tmpdir(), "event-platform-"));
  #miniflare;

  url;
  output = "";

  constructor(settings, env, beside, site) {
    this.#settings = settings;
    this.#env = env;
    this.#beside = beside;
    this.#site = site;
  }

  async start() {
    this.#miniflare = new Miniflare({
      host: "127.0.0.1",
      port: 0,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: ({ message }) => (this.output += `${message}\n`),
      resourcePersistencePath: this.#folder,
      // What the emulated binding of the Email Service was given shows here.
      unsafeLocalExplorer: this.#sendsMail,
      ...(this.#sendsMail && { resourceTmpPath: join(this.#folder, "tmp") }),
      telemetry: { enabled: false },
      cf: false,
      workers: [this.#config(), ...this.#beside].map((config) => ({ config })),
    });
    this.url = (await this.#miniflare.ready).origin;
  }

  /** A new runtime on the same storage. */
  async restart() {
    await this.#miniflare.dispose();
    await this.start();
  }

  get #sendsMail() {
    return Object.values(this.#env).some(({ type }) => type === "send-email");
  }

  /** The mails that a `send-email` binding was given, each with the `content` of its attachments. */
  async sentMails() {
    const folder = join(this.#folder, "tmp");
    const names = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
    const list = `${this.url}/cdn-cgi/local/explorer/api/local/email/sending?per_page=100`;
    const { result } = await (await fetch(list)).json();
    return result.map((mail) => {
      const id = mail.messageId.replace(/^<|>$/g, "");
      const stored = (rest) => {
        const name = names.find((name) => basename(name) === id + rest);
        return name && readFileSync(join(folder, name), "utf8");
      };
      const withContent = (file, index) => ({ ...file, content: stored(`-${index + 1}.ics`) });
      return { ...mail, text: stored(".txt"), html: stored(".html"), attachments: mail.attachments.map(withContent) };
    });
  }

  /** Drops every object from memory; each comes back from its storage when it is next asked. */
  async evictAll() {
    for (const { className } of OBJECTS) {
      for (const id of await this.#miniflare.listDurableObjectIds(className, WORKER)) {
        await this.#miniflare.unsafeEvictDurableObject(WORKER, className, { id });
      }
    }
  }

  async dispose() {
    // After a failed start, miniflare fails here again.
    await this.#miniflare?.dispose().catch(() => {});
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #config() {
    const { main, modules, compatibilityDate, compatibilityFlags } = builtWorker();
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
