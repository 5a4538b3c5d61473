// Copies of objects in a bucket, and restoring them. The object decides what a copy contains and how it is
// restored (`objects/backup.rs`). This file moves the parts, one at a time, and checks them.
//
//   v1/<kind>/<name>/<taken>/00000.ndjson …    parts of half a megabyte or so
//   v1/<kind>/<name>/<taken>/manifest.json     written last: without it there is no copy

const FORMAT = "event-platform-copy";
const VERSION = 1;
/** Tries if the object is written to while it is copied; a copy that needs more is given up. */
const TRIES = 3;
const RETRIED_PARTS_MAX = 8;

const folder = (kind, name, taken) => `v1/${kind}/${name}/${taken}`;

/** `20261125T031500Z` */
const moment = (ms) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const digest = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));

/** Writes a copy of an object; the reply to `copy`. */
export async function copy(bucket, kind, host) {
  for (let tries = 1; ; tries += 1) {
    const writes = host.writes();
    const begun = host.beginCopy();
    if (begun === undefined) return "nothing";
    const { name, schema_version } = JSON.parse(begun);
    const taken = moment(Date.now());
    const parts = [];
    for (let text; (text = host.nextPart()) !== undefined; ) {
      const bytes = new TextEncoder().encode(text);
      const sha256 = await digest(bytes);
      const key = `${String(parts.length).padStart(5, "0")}.ndjson`;
      await bucket.put(`${folder(kind, name, taken)}/${key}`, bytes, { sha256 });
      parts.push({ key, rows: host.partRows(), bytes: bytes.length, sha256 });
    }
    // One part is read in one go, so nothing can be written in between.
    const consistent = parts.length <= 1 || host.writes() === writes;
    if (!consistent && tries < TRIES && parts.length <= RETRIED_PARTS_MAX) continue;
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    const manifest = { format: FORMAT, version: VERSION, kind, name, taken, schema_version, consistent, rows, parts };
    await bucket.put(`${folder(kind, name, taken)}/manifest.json`, JSON.stringify(manifest));
    return { copied: { taken, rows } };
  }
}

/** Makes the copy that is due. If it fails, it is tried again in an hour. */
export async function copyDue(bucket, kind, host) {
  if (bucket === undefined || !host.copyIsDue()) return;
  try {
    let done = false;
    try {
      await copy(bucket, kind, host);
      done = true;
    } finally {
      host.endCopy(done);
    }
  } catch (error) {
    console.log(JSON.stringify({ level: "error", event: "copy_failed", object: kind, cause: String(error) }));
  }
}

class Damaged extends Error {}

/**
 * Replaces what an object holds with a copy; the reply to `restore_copy`. The whole copy is checked first, so
 * that an incomplete one destroys nothing.
 */
export async function restoreCopy(bucket, kind, name, taken, host) {
  try {
    const at = folder(kind, name, taken);
    const manifest = await (await bucket.get(`${at}/manifest.json`))?.json();
    if (manifest === undefined) return "nothing";
    if (manifest.format !== FORMAT || manifest.version !== VERSION) throw new Damaged("another format");
    if (manifest.kind !== kind || manifest.name !== name) throw new Damaged("a copy of another object");
    if (!host.knowsSchema(manifest.schema_version)) throw new Damaged("a schema that is not known here");
    for (const part of manifest.parts) await readPart(bucket, at, part);
    host.beginRestore(manifest.schema_version);
    let rows = 0;
    for (const part of manifest.parts) rows += host.importPart(await readPart(bucket, at, part));
    if (rows !== manifest.rows) throw new Error("the copy has changed while it was read");
    return { copied: { taken, rows } };
  } catch (error) {
    if (error instanceof Damaged || error instanceof SyntaxError) return { damaged: { why: String(error) } };
    throw error;
  }
}

async function readPart(bucket, at, { key, bytes, sha256 }) {
  const stored = await bucket.get(`${at}/${key}`);
  if (stored === null) throw new Damaged(`${key} is missing`);
  const buffer = await stored.arrayBuffer();
  if (buffer.byteLength !== bytes || (await digest(buffer)) !== sha256) throw new Damaged(`${key} is not as it was written`);
  return new TextDecoder().decode(buffer);
}
