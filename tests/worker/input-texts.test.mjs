// input-texts.test.mjs: what people search for, and what they type as a text.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { expectInvalid, expectStatus } from "./support/expect.mjs";
import { EVENT, createEvent, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";

const draft = (organizer, fields) => organizer.post("/api/events", { ...EVENT, status: "draft", ...fields });
const points = (text) => [...text].map((c) => `U+${c.codePointAt(0).toString(16).toUpperCase()}`).join(" ");

describe("A search", () => {
  const server = useWorkerd({ settings: { CACHE_LEASE_MS: "20" } });
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
  });

  const found = async (parameters) => {
    const path = `/api/events?${new URLSearchParams({ limit: 200, ...parameters })}`;
    return expectStatus(await organizer.get(path), 200).body.events.map(({ id }) => id);
  };

  /** Each title is found by the first words and not by the others. */
  async function expectFound(rows) {
    const missing = [];
    for (const [title, by, notBy = []] of rows) {
      const { id } = await createEvent(organizer, { title, description: "x" });
      for (const q of by) if (!(await found({ q })).includes(id)) missing.push(`${title} by ${q}`);
      for (const q of notBy) if ((await found({ q })).includes(id)) missing.push(`${title} not by ${q}`);
      expectStatus(await organizer.delete(`/api/events/${id}`), 204);
    }
    assert.deepEqual(missing, []);
  }

  test("folds accents, case and width", () =>
    expectFound([
      ["Zu\u0308rich meets", ["Zürich", "zurich", "ZÜRICH", "zu\u0308rich", "Züri"]],
      ["Haus an der Straße", ["strasse", "STRASSE", "straße", "STRAẞE"]],
      ["Αθήνα 2026", ["ΑΘΗΝΑ", "αθήνα", "Αθηνα"]],
      ["Ｒｕｓｔ ﬁne eﬃcient", ["rust", "Ｒｕｓｔ", "fine", "efficient"]],
      ["Łódź Øresund Đakovo Æsir Œuvre", ["lodz", "ORESUND", "dakovo", "aesir", "oeuvre"]],
    ]));

  test("folds what the authors of tables thought of last", () =>
    expectFound([
      // Lower case that is younger than SQLite's tables, and upper case that is younger than the lower.
      ["ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", ["ᏣᎳᎩ", "ꮳꮃꭹ"], ["𞤀𞤣𞤤"]],
      ["საქართველო", ["ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ", "საქ"]],
      ["𞤀𞤣𞤤𞤢𞤥 𐐔𐐯𐑅", ["𞤢𞤣𞤤𞤢𞤥", "𐐼𐐯𐑅"]],
      // Dots that stay and dots that go.
      ["İstanbul ışık", ["istanbul", "ISTANBUL", "İSTANBUL", "IŞIK", "isik"]],
      // One character that is many.
      ["㍿テスト ﷺ №5", ["株式会社", "وسلم", "no5"]],
      ["𝓢𝓬𝓻𝓲𝓹𝓽 ⓒⓘⓡⓒⓛⓔ x²", ["script", "circle", "x2"]],
      ["ЁЛКА أحمد Tiếng Việt", ["елка", "احمد", "TIENG viet"]],
    ]));

  test("finds any part of a run in a script without spaces", () =>
    expectFound([
      ["東京デザイン会議2026", ["会議", "デザイン", "ﾃﾞｻﾞｲﾝ", "議", "2026", "東京デザイン会議2026"]],
      ["東京の開発者会議", ["開発者", "者会", "東京の開発者"], ["発会"]],
      ["步2 重跑gen后", ["gen", "重跑", "后", "步2", "重跑gen后"]],
      ["การประชุมนักพัฒนา", ["ประชุม", "นักพัฒนา"]],
      ["서울개발자모임에서", ["개발자", "모임", "모임".normalize("NFD")]],
    ]));

  test("finds rare characters of these scripts, and what stands among them", () =>
    expectFound([
      ["𠮷野家𫠢𫠣會𰻞𰻞麵", ["𠮷野", "野家", "𫠣會", "𰻞麵", "麵"]],
      ["Ｃ＃入門☕️会", ["C#", "入門", "会"], ["入会"]],
      ["葛\u{E0100}飾区 神\uFA19社々〆", ["葛飾", "神神社", "社々"]],
      ["ပြည်သူ့ဆွေးနွေးပွဲ", ["ဆွေးနွေး", "ပွဲ"]],
      ["សន្និសីទបច្ចេកវិទ្យា ກອງປະຊຸມ", ["បច្ចេកវិទ្យា", "ປະຊຸມ"]],
      ["ราคา฿500บาท データ・サイエンス", ["บาท", "500", "サイエンス", "データ・サイエンス"]],
    ]));

  test("tells apart what differs by a sign", () =>
    expectFound([
      ["C# for all", ["C#", "c#", "Ｃ＃", "c"], ["C++"]],
      ["C++ for all", ["C++", "c++", "Ｃ＋＋"], ["C#"]],
      ["C++20で学ぶ F# g++-13", ["C++20", "C++", "学ぶ", "F#", "g++", "13"], ["C#", "G#"]],
      [".NET Conf", [".net", "NET", ".net conf"], ["node.js"]],
      ["ASP.NET…NEXT", ["asp.net", ".net", "net", "next"]],
      ["Node.js Abend.", ["node.js", "node", "js", "NODE．JS", "abend"], [".net"]],
    ]));

  test("finds the end of a name with several dots", () =>
    expectFound([
      ["Live at www.example.com", ["example.com"]],
      ["Release 2026.10.01", ["10.01"]],
    ]));

  test("reads no operator of FTS5, and no more than words", async () => {
    const { id } = await createEvent(organizer, { title: "e=mc² AND OR NOT NEAR" });
    for (const q of ["NOT", "near", "mc2 OR", '"and" not', "e=mc²"]) assert.ok((await found({ q })).includes(id), q);
    const operators = ["{a b}:c", "^x", "rowid:1", "x NEAR/2 y", "\uE001spublished"];
    for (const q of [...operators, "a".repeat(3000), "ﷺ ".repeat(300)]) {
      assert.deepEqual(await found({ q }), [], q.slice(0, 20));
    }
  });

  test("holds the longest texts that a fold makes", async () => {
    const long = { title: "ﷺ".repeat(200), description: "ﷺ".repeat(10_000), tags: ["ﷺ".repeat(32)] };
    const { id } = await createEvent(organizer, long);
    assert.deepEqual(await found({ q: "عليه" }), [id]);
    assert.deepEqual(await found({ tag: long.tags[0] }), [id]);
    const { id: run } = await createEvent(organizer, { description: "𠀀".repeat(10_000) });
    assert.deepEqual(await found({ q: "𠀀".repeat(80) }), [run]);
  });

  test("compares tags by the same fold and keeps the first spelling", async () => {
    const tags = ["Zürich", "zurich", "ＺＵＲＩＣＨ", "Straße", "STRASSE", "Ἀθήνα", "ΑΘΗΝΑ", "C#", "C++", "c＃"];
    const event = await createEvent(organizer, { tags });
    assert.deepEqual(event.tags, ["Zürich", "Straße", "Ἀθήνα", "C#", "C++"]);
    for (const tag of ["ZURICH", "zu\u0308rich", "strasse", "ΑΘΉΝΑ", "C＋＋", " c# "]) {
      assert.deepEqual(await found({ tag }), [event.id], tag);
    }
    assert.deepEqual(await found({ tag: "C" }), []);
    const more = ["❤️", "❤", "한국".normalize("NFD"), "한국", "½", "1⁄2", "ς", "Σ", "İ", "ı"];
    const other = await createEvent(organizer, { tags: more });
    assert.deepEqual(other.tags, ["❤️", "한국".normalize("NFD"), "½", "ς", "İ"]);
  });
});

describe("A text", () => {
  const server = useWorkerd();
  let organizer;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
  });

  for (const text of [
    " \t\n",
    "\u200B\u200D",
    "\uFEFF",
    "\u3164",
    "\u2800",
    "\u202E\u202C",
    "\u00AD",
    "\u115F\u1160",
    "\u180E",
    "\uFFA0\uFE0F",
    "\u034F\u061C",
    "\u2063\u2065",
    "\u17B4",
    "\u{1D173}",
    "\u{1BCA0}\u{13430}",
    "\u{E0001}\u{E0100}",
    "\u0085\u001F\u007F",
    "\u0000",
  ]) {
    test(`of ${points(text)} alone is blank`, async () => {
      assert.deepEqual(expectInvalid(await organizer.patch("/api/me", { name: text }), "name"), { name: "blank" });
      const answer = await draft(organizer, { title: text, description: text, tags: [text] });
      assert.deepEqual(expectInvalid(answer, "title", "description", "tags"), {
        title: "blank",
        description: "blank",
        tags: "invalid_tag",
      });
    });
  }

  for (const text of [
    "\u202Eevil",
    "a\u202C",
    "\u2066a",
    "a\u2069b\u2066",
    "\u202Aa\u2069",
    "\u202A\u2066a\u202C\u2069",
    "\u202D\u202Da\u202C",
    "a\u2028b",
    "a\u0085b",
    "a\tb",
    "a\u001Bb",
  ]) {
    test(`on one line is not ${points(text)}`, async () => {
      const code = "invalid_characters";
      assert.deepEqual(expectInvalid(await organizer.patch("/api/me", { name: text }), "name"), { name: code });
      const codes = expectInvalid(await draft(organizer, { title: text, tags: [text] }), "title", "tags");
      assert.deepEqual(codes, { title: code, tags: "invalid_tag" });
    });
  }

  test("that runs in its own direction is kept as it is", async () => {
    for (const text of [
      "\u202Bשלום\u202C Rust",
      "\u2067مؤتمر\u2069",
      "\u200Fa",
      "\u2068\u202Aa\u202C\u2069",
      "👩‍💻",
      "a\u{E0001}b",
    ]) {
      const { event } = expectStatus(await draft(organizer, { title: text, tags: [text] }), 201).body;
      assert.deepEqual([event.title, event.tags], [text, [text]]);
      assert.equal(expectStatus(await organizer.patch("/api/me", { name: text }), 200).body.user.name, text);
    }
  });

  test("gives a default title that keeps words apart and ends with its line", async () => {
    for (const [description, title] of [
      ["Agenda\tTalks", "Agenda Talks"],
      ...["\n", "\r", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029"].flatMap((end) => [
        [`Agenda${end}Talks`, "Agenda"],
        [`${end}${end} Agenda${end}Talks`, "Agenda"],
      ]),
      ["A\u00A0\u3000B\u1680 C", "A B C"],
      ["A\u001CB\u001FC", "A B C"],
      ["A\u001B[31mB\u0007", "A [31mB"],
      ["\u200B\n \u2800 \nReal", "Real"],
      ["\u202E\u202C\u2028Real", "Real"],
      ["👩‍👩‍👧".repeat(60), [..."👩‍👩‍👧".repeat(60)].slice(0, 200).join("")],
    ]) {
      const { event } = expectStatus(await draft(organizer, { description }), 201).body;
      assert.equal(event.title, title, points(description.slice(0, 20)));
      assert.equal(event.description, description);
    }
  });

  test("gives a default title that is a title itself", async () => {
    for (const description of [
      "\u202Eevil\nand so on\u202C",
      "\u2066a\nb\u2069",
      `\u2067${"א".repeat(250)}\u2069`,
      "a\u202C b",
    ]) {
      const { event } = expectStatus(await draft(organizer, { description }), 201).body;
      const sentBack = await organizer.put(`/api/events/${event.id}`, { title: event.title });
      assert.equal(sentBack.status, 200, `${points(event.title.slice(0, 10))}: ${sentBack.text}`);
    }
  });
});
