// input-requests.test.mjs: bodies that cannot be read, and times of every kind.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { Client } from "./support/client.mjs";
import { expectInvalid, expectProblem, expectStatus } from "./support/expect.mjs";
import { EVENT, createEvent, register, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const draft = (organizer, fields) => organizer.post("/api/events", { ...EVENT, status: "draft", ...fields });

describe("A body", () => {
  const server = useWorkerd();
  const JSON_TYPE = { "content-type": "application/json" };
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
  });

  const send = (body, headers) =>
    organizer.request("POST", "/api/events", { body, headers: { ...JSON_TYPE, ...headers } });
  const withMember = (member) => JSON.stringify({ ...EVENT, status: "draft" }).replace("{", `{${member},`);

  test("in an encoding is 415", async () => {
    const plain = JSON.stringify({ ...EVENT, status: "draft" });
    for (const [coding, body] of [
      ["gzip", gzipSync(plain)],
      ["gzip", plain],
      ["x-gzip", gzipSync(plain)],
      ["br", brotliCompressSync(plain)],
      ["deflate", plain],
      ["zstd", plain],
      ["identity, gzip", gzipSync(plain)],
    ]) {
      const answer = await send(body, { "content-encoding": coding });
      expectProblem(answer, 415, "unsupported_media_type");
      assert.equal(answer.headers.get("accept-encoding"), "identity");
    }
    for (const coding of ["identity", "IDENTITY"]) {
      expectStatus(await send(plain, { "content-encoding": coding }), 201);
    }
    expectProblem(await send(gzipSync(plain)), 400, "malformed_json");
  });

  test("with a value that is not read names its field", async () => {
    const deep = (open, close, levels = 3_000) => open.repeat(levels) + close.repeat(levels);
    for (const [member, field, code] of [
      ['"capacity":1e400', "capacity", "out_of_range"],
      ['"capacity":-1e400', "capacity", "out_of_range"],
      ['"capa\\u0063ity":1e400', "capacity", "out_of_range"],
      ['"duration_minutes":1e999999999', "duration_minutes", "out_of_range"],
      ['"capacity":99999999999999999999', "capacity", "out_of_range"],
      ['"title":1e400', "title", "invalid_type"],
      ['"waitlist":1e400', "waitlist", "invalid_type"],
      [`"title":${deep("[", "]")}`, "title", "invalid_type"],
      [`"tags":${deep("[", "]", 200)}`, "tags", "invalid_type"],
      [`"join_url":${deep('{"a":', "}").replace("}", "1}")}`, "join_url", "invalid_type"],
      ['"tags":["\\ud83d"]', "tags", "invalid_type"],
      ['"title":"half \\ud83d"', "title", "invalid_characters"],
      ['"timezone":"\\udc00"', "timezone", "unknown_timezone"],
      ['"title":"a","title":1e400', "title", "invalid_type"],
    ]) {
      assert.deepEqual(expectInvalid(await send(withMember(member)), field), { [field]: code }, member.slice(0, 40));
    }
    const unknown = ['"x":1e400', `"x":${deep("[", "]")}`, '"\\ud83d":1'];
    for (const member of [...unknown, '"title":1e400,"title":"a"', '"capacity":1e2']) {
      expectStatus(await send(withMember(member)), 201);
    }
  });

  test("as a whole is an object or 422, and what is no JSON is 400", async () => {
    for (const body of ["1e400", '"\\ud83d"', `${"[".repeat(30_000)}${"]".repeat(30_000)}`, "null"]) {
      expectInvalid(await send(body), "");
    }
    const bytes = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
    for (const body of [
      `\uFEFF${withMember('"x":1')}`,
      `${withMember('"x":1e400')}\u00A0`,
      `${withMember('"x":1e400')}\0`,
      withMember('"capacity":0x10'),
      withMember('"capacity":NaN'),
      withMember('"x":1e400').replace("}", ",}"),
      withMember(`"x":${"[".repeat(3_000)}`),
      bytes('{"x":"', [0xff], '"}'),
      bytes('{"x":"', [0xed, 0xa0, 0x80], '"}'),
      Buffer.from(withMember('"x":1'), "utf16le"),
      "{'a':1}",
    ]) {
      expectProblem(await send(body), 400, "malformed_json");
    }
  });

  test("of an account says the same of half characters and huge numbers", async () => {
    const post = (path, body) => new Client(server.current).request("POST", path, { body, headers: JSON_TYPE });
    const half = '{"email":"\\ud83d@example.com","password":"half a pass\\ud83d","name":"\\ud83d"}';
    expectInvalid(await post("/api/register", half), "email", "password", "name");
    const huge = '{"email":1e400,"password":1e400,"name":1e400,"role":1e400}';
    expectInvalid(await post("/api/register", huge), "email", "password", "name", "role");
    const login = JSON.stringify({ email: organizer.email, password: "x" }).replace('"x"', '"\\ud83d"');
    expectProblem(await post("/api/login", login), 401, "invalid_credentials");
  });
});

describe("A time", () => {
  const server = useWorkerd({ settings: { CACHE_LEASE_MS: "20" } });
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
  });

  for (const [date, time, timezone, starts] of [
    ["2100-07-01", "12:00", "Europe/Berlin", "2100-07-01T10:00:00Z"],
    ["2100-10-31", "02:30", "Europe/Berlin", "2100-10-31T00:30:00Z"],
    ["9998-07-01", "12:00", "Europe/Berlin", "9998-07-01T10:00:00Z"],
    ["9998-12-31", "23:59", "Pacific/Pago_Pago", "9999-01-01T10:59:00Z"],
    ["2100-07-01", "12:00", "Europe/Dublin", "2100-07-01T11:00:00Z"],
    ["2100-07-01", "12:00", "Africa/Cairo", "2100-07-01T09:00:00Z"],
    ["2100-07-01", "12:00", "America/Nuuk", "2100-07-01T13:00:00Z"],
    ["1945-05-24", "03:30", "Europe/Berlin", "1945-05-24T00:30:00Z"],
    ["1900-01-01", "00:00", "Africa/Monrovia", "1900-01-01T00:43:08Z"],
    ["2026-07-01", "12:00", "America/Coyhaique", "2026-07-01T15:00:00Z"],
    ["2400-02-29", "12:00", "Antarctica/Troll", "2400-02-29T12:00:00Z"],
  ]) {
    test(`of ${date} ${time} ${timezone} is ${starts}`, async () => {
      const { event } = expectStatus(await draft(organizer, { date, time, timezone }), 201).body;
      assert.equal(event.starts_at, starts);
    });
  }

  test("that a clock skips does not exist, however late", async () => {
    for (const [date, time, timezone] of [
      ["2100-03-28", "02:30", "Europe/Berlin"],
      ["2100-04-30", "00:30", "Africa/Cairo"],
      ["2100-03-27", "23:30", "America/Nuuk"],
      ["2100-10-03", "02:15", "Australia/Lord_Howe"],
      ["2100-09-05", "00:30", "America/Santiago"],
      ["2100-03-26", "02:30", "Asia/Jerusalem"],
      ["2026-03-29", "01:30", "Antarctica/Troll"],
      ["1993-08-21", "12:00", "Pacific/Kwajalein"],
      ["1972-01-07", "00:00", "Africa/Monrovia"],
    ]) {
      const codes = expectInvalid(await draft(organizer, { date, time, timezone }), "time");
      assert.deepEqual(codes, { time: "nonexistent_time" }, `${date} ${timezone}`);
    }
  });

  test("is not in the digits or signs of other scripts, nor in a year without one", async () => {
    for (const fields of [
      { date: "２０３０-06-01" },
      { date: "2030‑06‑01" },
      { date: "٢٠٣٠-٠٦-٠١" },
      { date: "2100-02-29" },
      { date: "1899-12-31" },
      { date: "9999-01-01" },
      { time: "１８:00" },
      { time: "18：00" },
      { time: "24:00" },
      { timezone: "europe/berlin" },
      { timezone: "posix/Europe/Berlin" },
      { timezone: "Factory" },
    ]) {
      expectInvalid(await draft(organizer, fields), ...Object.keys(fields));
    }
  });

  test("in from and to may have its plus as it is", async () => {
    const { id } = await createEvent(organizer, { date: "2031-06-01", time: "16:00" });
    const lists = async (query) => {
      const { events } = expectStatus(await organizer.get(`/api/events?${query}`), 200).body;
      return events.some((event) => event.id === id);
    };
    for (const bound of [
      "18:00:00+02:00",
      "18:00:00%2B02:00",
      "18:00:00%2002:00",
      "14:00:00-02:00",
      "16:00:00.000Z",
      "16:00:00z",
    ]) {
      assert.equal(await lists(`from=2031-06-01T${bound}`), true, bound);
      assert.equal(await lists(`to=2031-06-01T${bound}`), false, bound);
    }
    assert.equal(await lists("from=2031-06-01T18:00:01+02:00"), false);
    assert.equal(await lists("from=2031-06-01T21:30:00+05:30&to=2031-06-01T21:31:00+05:30"), true);
    const noon = "2031-06-01T12:00:00";
    for (const bound of [`${noon}++02:00`, "+2031-06-01", `${noon}+2`, `${noon}+24:00`, noon]) {
      expectInvalid(await organizer.get(`/api/events?from=${bound}`), "from");
    }
  });

  test("of registration is written in a year with four digits", async () => {
    for (const time of ["9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00"]) {
      const answer = await draft(organizer, { registration_opens_at: time });
      if (answer.status === 422) expectInvalid(answer, "registration_opens_at");
      else assert.match(answer.body.event.registration_opens_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
  });
});
