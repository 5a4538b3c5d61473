// What is served beside the Worker: the example front end, the reference, the OpenAPI document; and
// that the API's own paths never come from a file.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { expectProblem, expectStatus } from "./support/expect.mjs";
import { useMiniflare } from "./support/server.mjs";

describe("The site", () => {
  const server = useMiniflare({ site: true });
  const get = (path, headers) => new Client(server.current).get(path, headers);

  test("has the document that is in the repository", async () => {
    const answer = expectStatus(await get("/openapi.json"), 200);
    const file = readFileSync(new URL("../../openapi.json", import.meta.url), "utf8");
    assert.deepEqual(answer.body, JSON.parse(file));
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    const etag = answer.headers.get("etag");
    expectStatus(await get("/openapi.json", { "if-none-match": etag }), 304);
  });

  for (const path of ["/", "/docs"]) {
    test(`has a page at ${path} that takes nothing from elsewhere`, async () => {
      const answer = expectStatus(await get(path), 200);
      assert.match(answer.headers.get("content-type"), /^text\/html/);
      const policy = answer.headers.get("content-security-policy");
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.doesNotMatch(answer.text, /(src|href)="https?:|<script>|style=/);
      for (const [, file] of answer.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
        expectStatus(await get(file), 200);
      }
    });
  }

  test("leaves the API's paths, and those that are no file, to the Worker", async () => {
    expectStatus(await get("/api/health"), 200);
    expectProblem(await get("/api/nothing"), 404, "not_found");
    expectProblem(await get("/nothing"), 404, "not_found");
    expectProblem(await get("/wrangler.toml"), 404, "not_found");
  });
});
