// unicode.test.mjs: the runtime's Unicode against the answers that the native crates give, too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { Log, LogLevel, Miniflare } from "miniflare";
import { builtWorker } from "./support/build.mjs";

const answers = JSON.parse(readFileSync(new URL("../unicode.json", import.meta.url), "utf8"));
const source = readFileSync(new URL("../../src/domain/text/unicode.js", import.meta.url), "utf8");

const WORKER = `
  import { nfc, parseUrl, withoutMarks } from "./unicode.js";
  const ways = { nfc, url: parseUrl, without_marks: withoutMarks };
  export default {
    async fetch(request) {
      const asked = await request.json();
      return Response.json(asked.map(([way, text]) => ways[way](text) ?? null));
    },
  };`;

const config = {
  name: "unicode",
  compatibilityDate: builtWorker().compatibilityDate,
  manifest: {
    mainModule: "worker.js",
    modules: { "worker.js": { type: "esm", contents: WORKER }, "unicode.js": { type: "esm", contents: source } },
  },
};
const runtime = new Miniflare({ log: new Log(LogLevel.ERROR), telemetry: { enabled: false }, cf: false, workers: [{ config }] });
after(() => runtime.dispose());

test("the runtime answers as the crates do", async () => {
  const asked = Object.entries(answers).flatMap(([way, rows]) => rows.map(([text]) => [way, text]));
  const response = await runtime.dispatchFetch("http://localhost/", { method: "POST", body: JSON.stringify(asked) });
  const told = await response.json();
  const expected = Object.values(answers).flat();
  const others = expected.map(([text, answer], at) => ({ text, answer, told: told[at] })).filter(({ answer, told }) => answer !== told);
  assert.deepEqual(others, []);
});
