// The typed client's program makes the seven calls against the real Worker.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { useWorkerd } from "../worker/support/server.mjs";

const WALK = fileURLToPath(new URL("../../clients/typescript/walk.ts", import.meta.url));

describe("The typed client", () => {
  const server = useWorkerd();

  test("walks the seven calls", async () => {
    const args = ["--disable-warning=ExperimentalWarning", WALK, server.current.url];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
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
});
