// The worker under test: the modules that `make build` leaves in `build/`, and the compatibility
// date and flags that `wrangler.toml` gives them. Both runtimes (`workerd.mjs`, `miniflare.mjs`)
// start exactly this.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../../", import.meta.url);

/** Every Durable Object class with the binding that the worker looks for. */
export const OBJECTS = [
  { binding: "ACCOUNTS", className: "Account" },
  { binding: "EVENTS", className: "Event" },
  { binding: "CATALOG", className: "Catalog" },
  { binding: "MAIL_PACER", className: "MailPacer" },
];

export const JWT_SECRET = "a-secret-for-tests-alone-with-more-than-32-bytes";

/** Settings that suit tests: the cheapest bcrypt, short leases, mail that is only printed. */
export const TEST_SETTINGS = {
  JWT_SECRET,
  BCRYPT_COST: "4",
  CACHE_LEASE_MS: "100",
  MAIL_PROVIDER: "log",
  ALLOW_LOG_MAIL: "true",
  PUBLIC_URL: "https://events.example",
};

/** Where the builds are: today's, and the last release's. */
export const TODAY = "build";
export const RELEASED = "build/release";

/** `{ main, modules: [{ name, type: "esm" | "wasm", path }], compatibilityDate, compatibilityFlags }` */
export function builtWorker(build = TODAY) {
  const modules = [
    { name: "index.js", type: "esm" },
    { name: "index_bg.wasm", type: "wasm" },
  ].map((module) => ({ ...module, path: fileURLToPath(new URL(`${build}/${module.name}`, ROOT)) }));
  for (const { path } of modules) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run \`make build\` first`);
  }
  return { main: "index.js", modules, ...compatibility() };
}

/** What is served beside the worker, as `wrangler.toml` has it. */
export function siteConfig() {
  const toml = readFileSync(new URL("wrangler.toml", ROOT), "utf8");
  const [, section] = toml.match(/^\[assets\]\n((?:.+\n)+)/m) ?? [];
  const { directory, run_worker_first: runWorkerFirst } = Object.fromEntries(
    [...section.matchAll(/^(\w+) = (.+)$/gm)].map(([, name, value]) => [name, JSON.parse(value)]),
  );
  const path = fileURLToPath(new URL(directory, ROOT));
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`make site\` first`);
  return { directory: path, hasUserWorker: true, runWorkerFirst };
}

function compatibility() {
  const toml = readFileSync(new URL("wrangler.toml", ROOT), "utf8");
  const date = toml.match(/^compatibility_date\s*=\s*"([^"]+)"/m);
  if (!date) throw new Error("wrangler.toml names no compatibility_date");
  const flags = toml.match(/^compatibility_flags\s*=\s*\[([^\]]*)\]/m);
  return {
    compatibilityDate: date[1],
    compatibilityFlags: [...(flags?.[1] ?? "").matchAll(/"([^"]+)"/g)].map((match) => match[1]),
  };
}
