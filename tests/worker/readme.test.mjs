// The README promises that its walkthrough works when pasted, line after line, and that its table
// names every setting. Here it is pasted. And what docs/operations.md says of the log is what the code writes.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { Client } from "./support/client.mjs";
import { expectStatus } from "./support/expect.mjs";
import { useWorkerd } from "./support/server.mjs";

const ROOT = new URL("../../", import.meta.url);
const README = readFileSync(new URL("README.md", ROOT), "utf8");
const README_URL = "http://localhost:8787";

const REGISTER = `{"email": "testuser@example.com", "password": "SecurePassword123", "role": "organizer"}`;
const LOGIN = `{"email": "testuser@example.com", "password": "SecurePassword123"}`;
const CREATE = `{"date": "2024-05-25", "time": "14:00", "description": "Virtual Tech Conference"}`;
const UPDATE = `{"date": "2024-05-26", "time": "16:00", "description": "Updated Tech Conference"}`;

describe("The README's walkthrough", () => {
  const server = useWorkerd();
  const blocks = bashBlocks(section("Walkthrough"));
  let outputs, event;

  before(async () => {
    outputs = await paste(blocks, server.current.url);
  });

  /** The body and status that the block of this number has printed. */
  const outcome = (number) => {
    const [, text, status] = outputs[number].match(/^([^]*)\n(\d{3})\n$/) ?? assert.fail(outputs[number]);
    return { status: Number(status), text, body: text === "" ? undefined : JSON.parse(text) };
  };

  test("is eight blocks: where the server is, and the seven calls", () => {
    assert.equal(blocks.length, 8);
    assert.equal(blocks[0], `API=${README_URL}\n`);
    assert.equal(outputs[0], "");
  });

  test("sends the bodies that the project was made for", () => {
    for (const [number, body] of [REGISTER, LOGIN, CREATE, UPDATE].entries()) {
      assert.ok(blocks[number + 1].includes(`-d '${body}'`), blocks[number + 1]);
    }
  });

  test("signs an organizer up", () => {
    const { email, role } = expectStatus(outcome(1), 201).body.user;
    assert.deepEqual({ email, role }, { email: "testuser@example.com", role: "organizer" });
  });

  test("logs in", () => {
    const { token, token_type: type } = expectStatus(outcome(2), 200).body;
    assert.ok(token);
    assert.equal(type, "Bearer");
  });

  test("creates an event", () => {
    event = expectStatus(outcome(3), 201).body.event;
    assert.equal(event.starts_at, "2024-05-25T14:00:00Z");
  });

  test("changes it", () => {
    const updated = expectStatus(outcome(4), 200).body.event;
    assert.equal(updated.id, event.id);
    assert.equal(updated.starts_at, "2024-05-26T16:00:00Z");
    assert.equal(updated.title, "Updated Tech Conference");
  });

  test("lists it as it was changed", () => {
    const { events } = expectStatus(outcome(5), 200).body;
    assert.deepEqual(
      events.map(({ id, title }) => ({ id, title })),
      [{ id: event.id, title: "Updated Tech Conference" }],
    );
  });

  test("registers for it", () => {
    const { registration } = expectStatus(outcome(6), 201).body;
    assert.equal(registration.event_id, event.id);
    assert.equal(registration.status, "confirmed");
  });

  test("deletes it", async () => {
    assert.equal(expectStatus(outcome(7), 204).text, "");
    expectStatus(await new Client(server.current).get(`/api/events/${event.id}`), 404);
  });
});

describe("The README's settings", () => {
  const table = section("Settings");

  test("are those that the code reads", () => {
    const [code] = readFileSync(new URL("src/config.rs", ROOT), "utf8").split("#[cfg(test)]");
    const read = new Set([...code.matchAll(/"([A-Z]+(?:_[A-Z]+)*)"/g)].map(([, name]) => name));
    const named = new Set([...table.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name));
    assert.deepEqual([...named].sort(), [...read].sort());
  });

  test("have the defaults that wrangler.toml deploys", () => {
    const toml = readFileSync(new URL("wrangler.toml", ROOT), "utf8");
    const [, vars] = toml.match(/^\[vars\]\n((?:.+\n)+)/m);
    for (const [, name, value] of vars.matchAll(/^(\w+) = "(.*)"$/gm)) {
      const [, written] = table.match(new RegExp(`^\\| \`${name}\` \\| var \\| ([^|]+) \\|`, "m"));
      assert.equal(written.replaceAll("`", ""), value, name);
    }
  });
});

describe("The log in docs/operations.md", () => {
  const logs = section("Logs", readFileSync(new URL("docs/operations.md", ROOT), "utf8"));
  const sources = readdirSync(new URL("src/", ROOT), { recursive: true }).filter((name) => /\.(rs|js)$/.test(name));
  const read = (name) => readFileSync(new URL(`src/${name}`, ROOT), "utf8").split("#[cfg(test)]")[0];
  const code = sources.map(read).join("\n");

  const found = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
  const documented = (pattern) => found(logs.match(pattern)?.[1] ?? "", /`(\w+)`/g);

  test("has every event", () => {
    const lines = /event\\?": ?\\?"(\w+)\\?"|\bevent: "(\w+)"|log_error\("(\w+)"|report\(object, command, "(\w+)"/g;
    const written = new Set([...code.matchAll(lines)].map(([, ...names]) => names.find(Boolean)));
    const trouble = logs.slice(logs.indexOf("**Trouble**"));
    const named = [...found(logs, /^\| `event` \| `(\w+)` \|$/gm), ...found(trouble, /^\| `(\w+)` \|/gm)];
    assert.deepEqual(named.filter((name) => name !== "event").sort(), [...written].sort());
  });

  test("has every kind and outcome of a mail", () => {
    const kinds = found(read("mail/template.rs"), /^ +Self::\w+.* => "(\w+)",$/gm);
    assert.deepEqual(documented(/^\| `kind` \| (`confirm_address`.*) \|$/m), kinds);
    const outcomes = found(read("platform/delivery.rs"), /^ +Delivery::.* => "(\w+)",$/gm);
    const [row] = logs.match(/^\| `outcome` .*$/m);
    for (const outcome of outcomes) assert.ok(row.includes(`\`${outcome}\``), outcome);
  });

  test("has every kind of security event", () => {
    const kinds = found(sources.filter((name) => /^api\W/.test(name)).map(read).join(), /SecurityEventKind::(\w+)/g);
    const written = kinds.map((kind) => kind.replace(/\B[A-Z]/g, (letter) => `_${letter}`).toLowerCase());
    assert.deepEqual(documented(/^\| `kind` \| (`sign_up`.*) \|$/m), written.sort());
  });
});

/** What stands under a heading of the second level. */
function section(title, text = README) {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  return found ?? assert.fail(`there is no section "${title}"`);
}

function bashBlocks(text) {
  return [...text.matchAll(/^```bash\n([^]*?)^```$/gm)].map(([, block]) => block);
}

/** Runs the blocks one after the other in one bash, against `url`. Gives what each has printed. */
async function paste(blocks, url) {
  const mark = "\x1e";
  const script = blocks.join(`printf '${mark}'\n`).replaceAll(README_URL, url);
  const options = { timeout: 60_000, env: { ...process.env, no_proxy: "*" } };
  const { stdout, stderr } = await promisify(execFile)("bash", ["-c", script], options);
  assert.equal(stderr, "");
  return stdout.split(mark);
}
