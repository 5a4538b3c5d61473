// unicode.test.mjs: the engine's Unicode against the answers that the native crates give, too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nfc, parseUrl, withoutMarks } from "../../src/domain/text/unicode.js";

const answers = JSON.parse(readFileSync(new URL("../unicode.json", import.meta.url), "utf8"));

test("the engine answers as the crates do", () => {
  for (const [text, expected] of answers.nfc) assert.equal(nfc(text), expected, text);
  for (const [text, expected] of answers.without_marks) assert.equal(withoutMarks(text), expected, text);
  for (const [text, expected] of answers.url) assert.equal(parseUrl(text) ?? null, expected, text);
});
