// What every answer must look like, in the contract's words.

import assert from "node:assert/strict";

export const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** RFC 3339 in UTC, to the second or finer. */
export const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Words that only the inside of the server knows. */
const INTERNALS = /panicked|\.rs:\d|unwrap|wasm|sqlite|SELECT |INSERT |RuntimeError|\bat \S+:\d+/i;

export function expectStatus(answer, status) {
  assert.equal(answer.status, status, answer.text);
  return answer;
}

/** A problem of RFC 9457 with the contract's additions. Gives its body. */
export function expectProblem(answer, status, code) {
  expectStatus(answer, status);
  assert.match(answer.headers.get("content-type"), /^application\/problem\+json\b/);
  const problem = answer.body;
  assert.equal(problem.code, code, answer.text);
  assert.equal(problem.status, status);
  for (const member of ["type", "title", "detail"]) {
    assert.equal(typeof problem[member], "string", `${member} in ${answer.text}`);
    assert.notEqual(problem[member], "", `${member} in ${answer.text}`);
  }
  assert.equal(problem.request_id, answer.headers.get("x-request-id"));
  assert.doesNotMatch(answer.text, INTERNALS);
  expectCommonHeaders(answer);
  return problem;
}

/** A 422 that names exactly these fields, each once or more. Gives the codes by field. */
export function expectInvalid(answer, ...fields) {
  const { errors } = expectProblem(answer, 422, "validation_failed");
  for (const error of errors) {
    for (const member of ["field", "code", "message"]) {
      assert.equal(typeof error[member], "string", answer.text);
    }
  }
  assert.deepEqual([...new Set(errors.map(({ field }) => field))].sort(), fields.sort(), answer.text);
  return Object.fromEntries(errors.map(({ field, code }) => [field, code]));
}

export function expectUnauthenticated(answer) {
  expectProblem(answer, 401, "unauthenticated");
  assert.match(answer.headers.get("www-authenticate"), /^Bearer\b/);
}

/** On every answer, good or bad. */
export function expectCommonHeaders({ headers }) {
  assert.ok(headers.get("x-request-id"), "X-Request-Id");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
}

export function expectNoStore({ headers }) {
  assert.match(headers.get("cache-control") ?? "", /\bno-store\b/);
}

/** Whole seconds, one or more. */
export function expectRetryAfter({ headers }) {
  assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  return Number(headers.get("retry-after"));
}

/** The items of a comma-separated header, in lower case. */
export const listOf = (header) =>
  (header ?? "")
    .split(",")
    .map((item) => item.trim().toLowerCase())
    .filter(Boolean);
