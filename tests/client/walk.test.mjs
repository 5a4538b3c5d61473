// The typed client's program makes the seven calls against the real Worker, and its README's example compiles
// and runs in a project that depends on the folder.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createEvent, signUp, signUpOrganizer } from "../worker/support/people.mjs";
import { useWorkerd } from "../worker/support/server.mjs";

const CLIENT = fileURLToPath(new URL("../../clients/typescript/", import.meta.url));
const WALK = join(CLIENT, "walk.ts");
const TSC = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
const run = promisify(execFile);

describe("The typed client", () => {
  const server = useWorkerd();

  test("walks the seven calls", async () => {
    const args = ["--disable-warning=ExperimentalWarning", WALK, server.current.url];
    const { stdout } = await run(process.execPath, args, { timeout: 60_000 });
    const told = stdout.trimEnd().split("\n");
    assert.match(told.shift(), /^signed up organizer [0-9a-f-]{36}$/);
    assert.deepEqual(told, [
      "logged in for 3600 seconds",
      'created "Virtual Tech Conference", 1 seat(s)',
      "found 1 event(s)",
      'changed it to "Updated Tech Conference", version 2',
      "registered: confirmed",
      "an edit of an old version: precondition_failed",
      "deleted, and from then on 404",
    ]);
  });

  const project = mkdtempSync(join(tmpdir(), "event-platform-client-"));
  after(() => rmSync(project, { recursive: true, force: true }));

  test("works as its README says, in a project of its own", async () => {
    const [, example] = readFileSync(join(CLIENT, "README.md"), "utf8").match(/^```ts\n([^]*?)^```$/m);
    mkdirSync(join(project, "node_modules/@event-platform"), { recursive: true });
    symlinkSync(CLIENT, join(project, "node_modules/@event-platform/client"));
    writeFileSync(join(project, "package.json"), `{ "type": "module" }`);
    const program = join(project, "main.ts");
    writeFileSync(program, example.replace("http://localhost:8787", server.current.url));
    for (const [resolution, module] of [["bundler", "esnext"], ["nodenext", "nodenext"]]) {
      const how = ["--strict", "--noEmit", "--target", "es2022", "--moduleResolution", resolution, "--module", module];
      await run(process.execPath, [TSC, ...how, "--lib", "es2023,dom", program], { timeout: 60_000 });
    }
    await signUp(server.current, { email: "ada@example.com", password: "SecurePassword123" });
    const organizer = await signUpOrganizer(server.current);
    await createEvent(organizer, { title: "Rust at the edge" });
    await createEvent(organizer, { title: "Rust is over", registration_closes_at: "2020-01-01T00:00:00Z" });
    const args = ["--disable-warning=ExperimentalWarning", program];
    const { stdout } = await run(process.execPath, args, { cwd: project, timeout: 60_000 });
    assert.deepEqual(stdout.trimEnd().split("\n").sort(), ["Rust at the edge confirmed null", "Rust is over registration_closed"]);
  });
});
