// What may be sent: how large, under which content type, and what JSON.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Client } from "./support/client.mjs";
import { expectInvalid, expectProblem, expectStatus } from "./support/expect.mjs";
import { EVENT, PASSWORD, freshEmail, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const LIMIT_BYTES = 65_536;
const JSON_TYPE = { "content-type": "application/json" };

describe("A request body", () => {
  const server = useWorkerd();
  let visitor, organizer;

  before(async () => {
    visitor = new Client(server.current);
    organizer = await signUpOrganizer(server.current);
  });

  const account = () => ({ email: freshEmail(), password: PASSWORD });

  /** A valid sign-up of exactly `bytes` bytes, by way of an unknown field. */
  function signUpOf(bytes) {
    const unpadded = JSON.stringify({ ...account(), padding: "" });
    return unpadded.replace('""', `"${"x".repeat(bytes - unpadded.length)}"`);
  }

  const send = (body, options = { headers: JSON_TYPE }) =>
    visitor.request("POST", "/api/register", { body, ...options });

  function chunked(body) {
    const chunks = body.match(/.{1,10000}/gs).map((chunk) => new TextEncoder().encode(chunk));
    return { body: ReadableStream.from(chunks), duplex: "half", headers: JSON_TYPE };
  }

  test("of exactly 64 KiB passes", async () => {
    const body = signUpOf(LIMIT_BYTES);
    assert.equal(Buffer.byteLength(body), LIMIT_BYTES);
    expectStatus(await send(body), 201);
  });

  test("of exactly 64 KiB passes in chunks", async () => {
    expectStatus(await visitor.request("POST", "/api/register", chunked(signUpOf(LIMIT_BYTES))), 201);
  });

  test("of one byte more is 413 body_too_large", async () => {
    expectProblem(await send(signUpOf(LIMIT_BYTES + 1)), 413, "body_too_large");
  });

  test("of one byte more in chunks is 413 body_too_large", async () => {
    const answer = await visitor.request("POST", "/api/register", chunked(signUpOf(LIMIT_BYTES + 1)));
    expectProblem(answer, 413, "body_too_large");
  });

  test("that is too large changes nothing", async () => {
    const tooLarge = signUpOf(LIMIT_BYTES + 1);
    expectProblem(await send(tooLarge), 413, "body_too_large");
    const { padding, ...details } = JSON.parse(tooLarge);
    expectStatus(await visitor.post("/api/register", details), 201);
  });

  test("that is not labelled as JSON is 415 unsupported_media_type", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"]) {
      const answer = await send(JSON.stringify(account()), { headers: { "content-type": type } });
      expectProblem(answer, 415, "unsupported_media_type");
    }
  });

  test("without a content type is 415 unsupported_media_type", async () => {
    const unlabelled = new TextEncoder().encode(JSON.stringify(account()));
    expectProblem(await send(unlabelled, {}), 415, "unsupported_media_type");
  });

  test("may name its charset, in any case of letters", async () => {
    for (const type of ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]) {
      const answer = await send(JSON.stringify(account()), { headers: { "content-type": type } });
      expectStatus(answer, 201);
    }
  });

  test("that is JSON but no object is 422 validation_failed", async () => {
    for (const body of ["null", "[]", '"text"', "7", "true"]) {
      expectProblem(await send(body), 422, "validation_failed");
    }
  });

  test("with a field of the wrong type names the field", async () => {
    expectInvalid(await visitor.post("/api/register", { ...account(), email: 7 }), "email");
    expectInvalid(await visitor.post("/api/register", { ...account(), password: {} }), "password");
    expectInvalid(await organizer.post("/api/events", { ...EVENT, title: 7 }), "title");
    expectInvalid(await organizer.post("/api/events", { ...EVENT, capacity: "10" }), "capacity");
    expectInvalid(await organizer.post("/api/events", { ...EVENT, tags: "rust" }), "tags");
    expectInvalid(await organizer.post("/api/events", { ...EVENT, waitlist: "yes" }), "waitlist");
  });

  test("may nest deeply without doing harm", async () => {
    const answer = await send("[".repeat(LIMIT_BYTES));
    assert.ok([400, 422].includes(answer.status), answer.text);
    expectStatus(await visitor.get("/api/health"), 200);
  });
});
