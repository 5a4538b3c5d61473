// run.mjs SCHEMATHESIS: holds the built Worker on the real runtime against `openapi.json`. Requests
// are made up from the document, valid and not, and strung together along its links; any answer that
// the document does not allow fails the run, and so does a 5xx. The seed is fixed, so that a finding
// comes again; SEED=… looks elsewhere.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signUpOrganizer } from "../worker/support/people.mjs";
import { startWorkerd } from "../worker/support/workerd.mjs";

const [schemathesis, ...more] = process.argv.slice(2);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Ends the session of the run itself; native tests hold it against the document. */
const LEFT_OUT = [["post", "/api/logout"]];

/** With it the calls for operators exist, and the run's own token opens none of them. */
const ADMIN_TOKEN = "a-token-for-operators-that-nobody-in-this-run-knows";

/** The document without what is left out. */
function documentToTest() {
  const document = JSON.parse(readFileSync(here("../../openapi.json"), "utf8"));
  for (const [method, path] of LEFT_OUT) {
    delete document.paths[path]?.[method];
  }
  const there = new Set(Object.values(document.paths).flatMap((path) => Object.values(path)).map((o) => o.operationId));
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    for (const { links = {} } of Object.values(operation.responses)) {
      for (const name of Object.keys(links)) if (!there.has(name)) delete links[name];
    }
  }
  return document;
}

const folder = mkdtempSync(join(tmpdir(), "event-platform-contract-"));
writeFileSync(join(folder, "openapi.json"), JSON.stringify(documentToTest()));
// One session makes every request of the run.
const server = await startWorkerd({ settings: { ADMIN_TOKEN, CACHE_LEASE_MS: "0", CHANGES_BURST: "1000000" } });
try {
  const organizer = await signUpOrganizer(server, { password: "only-this-run-knows-it" });
  const args = [
    "--config-file", here("schemathesis.toml"),
    "run", "openapi.json",
    "--url", server.url,
    "--header", `Authorization: Bearer ${organizer.token}`,
    "--seed", process.env.SEED ?? "1",
    ...more,
  ];
  const child = spawn(schemathesis, args, { stdio: "inherit", cwd: folder });
  const [code] = await once(child, "exit");
  process.exitCode = code ?? 1;
} finally {
  await server.dispose();
  rmSync(folder, { recursive: true, force: true });
}
