// Copies of objects that a deployment has written to its bucket (docs/operations.md, "Backups to R2"): looks
// them through, and puts them into another deployment.
//
//   node scripts/backups.mjs verify FOLDER
//   node scripts/backups.mjs load FOLDER BUCKET        into the bucket of `make dev`, with wrangler
//   ADMIN_TOKEN=… node scripts/backups.mjs apply FOLDER URL
//
// FOLDER is the bucket as it was downloaded, `v1/` and all. Of each object the newest whole copy counts.
// `apply` has each object of the deployment at URL read its copy from the bucket that is bound there, and
// builds the Catalog again from the events.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const FORMAT = "event-platform-copy";
const VERSION = 1;
/** Ids that one call of the rebuild takes. */
const REBUILT_AT_ONCE = 50;

/** The newest whole copy of each object: `{ folder, manifest }`. One that is not whole is told to `complain`. */
export function newestCopies(root, complain = () => {}) {
  const copies = [];
  for (const kind of ["account", "event"]) {
    const kinds = join(root, "v1", kind);
    for (const name of existsSync(kinds) ? readdirSync(kinds).sort() : []) {
      const newest = readdirSync(join(kinds, name)).sort().reverse();
      const whole = newest.find((taken) => {
        const trouble = troubleWith(join(kinds, name, taken), { kind, name, taken });
        if (trouble) complain(`${kind}/${name}/${taken}: ${trouble}`);
        return !trouble;
      });
      if (whole) copies.push(read(join(kinds, name, whole)));
    }
  }
  return copies;
}

const read = (folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) });

/** What is wrong with a copy, if anything is. */
function troubleWith(folder, expected) {
  let manifest;
  try {
    ({ manifest } = read(folder));
  } catch {
    return "no manifest: it was never finished";
  }
  if (manifest.format !== FORMAT || manifest.version !== VERSION) return "another format";
  if (Object.entries(expected).some(([member, value]) => manifest[member] !== value)) return "a copy of something else";
  for (const { key, bytes, sha256, rows } of manifest.parts) {
    if (!existsSync(join(folder, key))) return `${key} is missing`;
    const part = readFileSync(join(folder, key));
    const digest = createHash("sha256").update(part).digest("hex");
    if (part.length !== bytes || digest !== sha256) return `${key} is not as it was written`;
    const lines = part.toString().split("\n").filter(Boolean);
    const values = lines.map((line) => JSON.parse(line));
    if (values.filter(Array.isArray).length !== rows) return `${key} has another number of rows`;
  }
  return undefined;
}

/** Every file of these copies, with its key in the bucket. */
export function filesOf(copies) {
  return copies.flatMap(({ folder, manifest: { kind, name, taken, parts } }) =>
    [...parts.map(({ key }) => key), "manifest.json"].map((file) => ({
      key: `v1/${kind}/${name}/${taken}/${file}`,
      path: join(folder, file),
    })),
  );
}

/** Has a deployment read these copies from its bucket, and builds its Catalog again. */
export async function apply(copies, url, token) {
  const ask = async (path, body) => {
    const answer = await fetch(`${url}/api/admin/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  let rows = 0;
  for (const { manifest: { kind, name, taken } } of copies) {
    rows += (await ask(`objects/${kind}/${name}/copy/restore`, { taken })).rows;
  }
  const events = copies.filter(({ manifest }) => manifest.kind === "event").map(({ manifest }) => manifest.name);
  for (let at = 0; at < events.length; at += REBUILT_AT_ONCE) {
    await ask("catalog/rebuild", { events: events.slice(at, at + REBUILT_AT_ONCE) });
  }
  return { objects: copies.length, rows };
}

async function main([command, root, to]) {
  if (!["verify", "load", "apply"].includes(command) || !root || (command !== "verify" && !to)) {
    throw new Error("usage: verify FOLDER | load FOLDER BUCKET | apply FOLDER URL");
  }
  let troubles = 0;
  const copies = newestCopies(root, (trouble) => {
    troubles += 1;
    console.error(trouble);
  });
  if (command === "verify") {
    for (const { manifest } of copies) {
      const note = manifest.consistent ? "" : ", written to while it was copied";
      console.log(`${manifest.kind}/${manifest.name}/${manifest.taken}: ${manifest.rows} rows${note}`);
    }
    console.log(`${copies.length} objects, ${troubles} copies that are not whole`);
    process.exitCode = troubles > 0 ? 1 : 0;
  } else if (command === "load") {
    for (const { key, path } of filesOf(copies)) {
      execFileSync("npx", ["wrangler", "r2", "object", "put", `${to}/${key}`, "--local", "--file", path], { stdio: "inherit" });
    }
  } else {
    const { objects, rows } = await apply(copies, to.replace(/\/$/, ""), process.env.ADMIN_TOKEN);
    console.log(`${objects} objects, ${rows} rows; the Catalog follows within seconds`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
