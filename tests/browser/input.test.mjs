// What people put into the forms: every script, every length, and what nobody thought of. The front end
// takes what the platform takes, and says beside the field what is wrong with the rest.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createEvent, signUp, signUpOrganizer } from "../worker/support/people.mjs";
import { useEdge, useMiniflare } from "../worker/support/server.mjs";
import { enter, expectAccessible, useBrowser } from "./support/browser.mjs";

const PHONE = { width: 390, height: 844 };
const CRAB = "🦀";
const FAMILY = "👨‍👩‍👧‍👦";

describe("Unusual input", () => {
  const server = useEdge(useMiniflare({ site: true }));
  const { open, expectQuiet } = useBrowser(server);

  const field = (page, label) => page.getByLabel(label, { exact: true });
  const headline = (page, text) => page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
  const press = (page, name) => page.getByRole("button", { name }).click();

  async function fill(page, values) {
    for (const [label, value] of Object.entries(values)) await field(page, label).fill(value);
  }

  /** The field is marked, and what describes it says so. */
  async function expectWrong(page, label, text) {
    await page.waitForFunction(([label, text]) => {
      const control = [...document.querySelectorAll("label")].find(({ textContent }) => textContent === label).control;
      const described = control.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id).textContent);
      return control.getAttribute("aria-invalid") === "true" && described.join(" ").includes(text);
    }, [label, text]);
    await page.getByRole("alert").filter({ hasText: "Please look at the fields that are marked." }).waitFor();
  }

  async function newEvent(view = PHONE) {
    const organizer = await signUpOrganizer(server.current);
    const page = await open("/", view);
    await enter(page, organizer);
    const begin = async (values = {}) => {
      await page.goto(`${server.current.url}/#/`);
      await page.goto(`${server.current.url}/#/organize/new`);
      await headline(page, "New event");
      await fill(page, { Description: "An evening", Date: "2035-06-01", Time: "18:00", ...values });
    };
    const created = async () => {
      await page.waitForURL(/#\/events\//);
      await page.locator(".facts").waitFor();
      const { body } = await organizer.get(`/api/events/${page.url().split("/").pop()}`);
      return body.event;
    };
    return { organizer, page, begin, created };
  }

  test("an event takes every text that the platform takes", async (t) => {
    const { page, begin, created } = await newEvent();
    const cases = [
      ["a title of 200 crabs", { Title: CRAB.repeat(200) }, { title: CRAB.repeat(200) }],
      ["a title of families, each of seven characters", { Title: FAMILY.repeat(28) }, { title: FAMILY.repeat(28) }],
      ["a title of 200 letters without a blank", { Title: "W".repeat(200) }, { title: "W".repeat(200) }],
      ["blanks around a title that do not count", { Title: `  ${"W".repeat(200)}  ` }, { title: "W".repeat(200) }],
      ["a title from right to left", { Title: "ערב של הרצאות (Rust)" }, { title: "ערב של הרצאות (Rust)" }],
      ["a title that turns around and back", { Title: "\u202Eevening\u202C" }, { title: "\u202Eevening\u202C" }],
      ["a title of letters with many marks", { Title: `Z${"\u0351".repeat(150)}algo` }, { title: `Z${"\u0351".repeat(150)}algo` }],
      ["a title of markup", { Title: `<img src=x onerror="alert(1)">` }, { title: `<img src=x onerror="alert(1)">` }],
      ["no title", { Description: "\n  Erste Zeile \nzweite" }, { title: "Erste Zeile", description: "\n  Erste Zeile \nzweite" }],
      ["10,000 crabs about it", { Description: CRAB.repeat(10_000) }, { description: CRAB.repeat(10_000) }],
      ["tags with commas and emoji", { Tags: `C, C++ and Rust\n\n  ${CRAB.repeat(32)} \nعربي` }, { tags: ["C, C++ and Rust", CRAB.repeat(32), "عربي"] }],
      ["a zone in lower case", { "Time zone": " europe/berlin " }, { timezone: "Europe/Berlin" }],
      ["a zone with a blank", { "Time zone": "America/New York" }, { timezone: "America/New_York" }],
      ["an old name of a zone", { "Time zone": "Asia/Calcutta" }, { timezone: "Asia/Calcutta" }],
      ["no zone", { "Time zone": "" }, { timezone: "UTC" }],
      ["a leap day", { Date: "2036-02-29", Time: "00:00" }, { starts_at: "2036-02-28T23:00:00Z" }],
      ["an hour that comes twice", { Date: "2035-10-28", Time: "02:30" }, { starts_at: "2035-10-28T00:30:00Z" }],
      ["a link with umlauts and blanks", { "Link to join": "https://räume.example/über uns" }, { join_url: "https://xn--rume-loa.example/%C3%BCber%20uns" }],
      ["the largest numbers", { Minutes: "44640", Seats: "1000000" }, { duration_minutes: 44_640, capacity: 1_000_000 }],
    ];
    for (const [name, values, expected] of cases) {
      await t.test(name, async () => {
        await begin(values);
        await press(page, "Create");
        const event = await created();
        for (const [field, value] of Object.entries(expected)) assert.deepEqual(event[field], value);
        await headline(page, event.title);
        await expectAccessible(page);
      });
    }
    await page.close();
  });

  test("a form from right to left shows what it takes", async () => {
    const { page, begin } = await newEvent();
    await begin({ Title: "مساء الخير", Tags: "عربي" });
    const direction = (label) => field(page, label).evaluate((control) => getComputedStyle(control).direction);
    assert.deepEqual(await Promise.all(["Title", "Tags", "Description"].map(direction)), ["rtl", "rtl", "ltr"]);
    await press(page, "Create");
    await headline(page, "مساء الخير");
    assert.equal(await page.getByRole("heading", { level: 1 }).evaluate((h1) => getComputedStyle(h1).direction), "rtl");
    await page.close();
  });

  test("an event that the platform would refuse says where", async (t) => {
    const { page, begin } = await newEvent();
    const cases = [
      ["a title of 201 crabs", { Title: CRAB.repeat(201) }, "Title", "This is 1 character too long."],
      ["a title that nobody sees", { Title: "\u200B\u2060" }, "Title", "Give a title"],
      ["a title that turns around what follows", { Title: "\u202Eevening" }, "Title", "one line"],
      ["10,002 crabs about it", { Description: CRAB.repeat(10_002) }, "Description", "This is 2 characters too long."],
      ["nothing about it", { Description: "" }, "Description", "fill"],
      ["nothing but blanks about it", { Description: " \n\u3000 " }, "Description", "Say what the event is about."],
      ["no date", { Date: "" }, "Date", "fill"],
      ["a date in a time that nobody will see", { Date: "9999-12-31" }, "Date", "9998"],
      ["a date with five digits", { Date: "12035-06-01" }, "Date", ""],
      ["a time that a clock change skips", { Date: "2035-03-25", Time: "02:30", "Time zone": "Europe/Berlin" }, "Time", "clock"],
      ["a zone on Mars", { "Time zone": "Mars/Olympus Mons" }, "Time zone", ""],
      ["an offset for a zone", { "Time zone": "+02:00" }, "Time zone", ""],
      ["half a minute", { Minutes: "1.5" }, "Minutes", ""],
      ["no minutes at all", { Minutes: "0" }, "Minutes", ""],
      ["more seats than there are", { Seats: "99999999999999999999" }, "Seats", ""],
      ["a link without encryption", { "Link to join": "http://meet.example" }, "Link to join", "https://"],
      ["a link to a script", { "Link to join": "javascript:alert(1)" }, "Link to join", "https://"],
      ["a link with a user", { "Link to join": "https://me@meet.example" }, "Link to join", "https://"],
      ["a tag of 33 crabs", { Tags: `short\n${CRAB.repeat(33)}` }, "Tags", `33: \u2068${CRAB.repeat(33)}`],
      ["eleven tags", { Tags: [..."abcdefghijk"].join("\n") }, "Tags", "10"],
    ];
    for (const [name, values, label, text] of cases) {
      await t.test(name, async () => {
        await begin(values);
        await press(page, "Create");
        await expectWrong(page, label, text);
        await field(page, label).and(page.locator(":focus")).waitFor();
        await expectAccessible(page);
      });
    }
    await t.test("a number that is none is not taken for no limit", async () => {
      await begin();
      await field(page, "Seats").pressSequentially("1e");
      await press(page, "Create");
      await expectWrong(page, "Seats", "number");
    });
    await t.test("several fields at once", async () => {
      await begin({ Title: CRAB.repeat(300), Date: "", Minutes: "-1" });
      await press(page, "Create");
      for (const label of ["Title", "Date", "Minutes"]) await expectWrong(page, label, "");
      await field(page, "Title").and(page.locator(":focus")).waitFor();
    });
    await page.close();
  });

  test("room that gets short is told while typing, in the platform's characters", async () => {
    const { page, begin } = await newEvent();
    await begin({ Title: CRAB.repeat(180) });
    assert.equal(await page.getByText("Room for").count(), 0);
    await fill(page, { Title: CRAB.repeat(199) });
    await page.getByText("Room for 1 more.").waitFor();
    await field(page, "Title").press("End");
    await page.keyboard.insertText(CRAB);
    await page.getByText("Room for 0 more.").waitFor();
    await page.keyboard.insertText(CRAB);
    await page.getByText("This is 1 character too long.").waitFor();
    await expectAccessible(page);
    await page.close();
  });

  describe("in an edit", () => {
    async function edit(fields) {
      const organizer = await signUpOrganizer(server.current);
      const event = await createEvent(organizer, fields);
      const page = await open("/");
      await enter(page, organizer);
      const sent = [];
      page.on("request", (request) => request.method() === "PUT" && sent.push(request.postDataJSON()));
      const save = async (values) => {
        await page.goto(`${server.current.url}/#/organize/${event.id}/edit`);
        await headline(page, "Edit event");
        await field(page, "Description").waitFor();
        await fill(page, values);
        await press(page, "Save");
        await page.locator(".facts").waitFor();
        return (await organizer.get(`/api/events/${event.id}`)).body.event;
      };
      return { organizer, page, event, sent, save };
    }

    test("nothing is sent but what was changed", async () => {
      const description = "First\r\nsecond,\r\nthird";
      const tags = ["C, C++ and Rust", "b"];
      const { page, sent, save, event } = await edit({ description, tags, timezone: "Asia/Kolkata", visibility: "unlisted" });
      assert.equal((await save({})).version, event.version);
      const saved = await save({ Seats: "5" });
      assert.deepEqual(sent, [{ capacity: 5 }]);
      assert.equal(saved.description, description);
      assert.deepEqual(saved.tags, tags);
      assert.equal(saved.visibility, "unlisted");
      assert.deepEqual((await save({ Tags: "C, C++ and Rust" })).tags, ["C, C++ and Rust"]);
      assert.equal((await save({ Seats: "" })).capacity, null);
      await page.close();
    });

    test("a default title goes on following the description", async () => {
      const { page, save } = await edit({ description: "Before\nmore" });
      assert.equal((await save({ Minutes: "90" })).title, "Before");
      assert.equal((await save({ Description: "After\nmore" })).title, "After");
      assert.equal((await save({ Title: "Fixed" })).title, "Fixed");
      assert.equal((await save({ Description: "Later" })).title, "Fixed");
      assert.equal((await save({ Title: "" })).title, "Later");
      assert.equal((await save({ Description: CRAB.repeat(300) })).title, CRAB.repeat(200));
      assert.equal((await save({ Description: "Last" })).title, "Last");
      await page.close();
    });
  });

  test("a sign-up takes every name and says what is wrong", async (t) => {
    const page = await open("/#/signup", PHONE);
    let people = 0;
    const begin = async (values) => {
      await page.evaluate(() => localStorage.clear());
      await page.goto(`${server.current.url}/#/`);
      await page.reload();
      await page.goto(`${server.current.url}/#/signup`);
      await headline(page, "Sign up");
      await fill(page, { Name: "", "E-mail": `unusual-${++people}@example.com`, Password: "SecurePassword123", ...values });
      await press(page, "Sign up");
    };
    const stored = () => page.evaluate(() => JSON.parse(localStorage.getItem("session")).user);
    const accepted = [
      ["a name of 100 crabs", { Name: CRAB.repeat(100) }, { name: CRAB.repeat(100) }],
      ["a name from right to left", { Name: "עדה" }, { name: "עדה" }],
      ["a name of blanks", { Name: " \u00A0" }, { name: null }],
      ["an address in capitals with blanks", { "E-mail": " SHOUTING@EXAMPLE.COM " }, { email: "shouting@example.com" }],
      ["a password of two crabs, which are eight bytes", { Password: CRAB.repeat(2) }, {}],
    ];
    for (const [name, values, expected] of accepted) {
      await t.test(name, async () => {
        await begin(values);
        await page.getByRole("button", { name: "Log out" }).waitFor();
        const user = await stored();
        for (const [field, value] of Object.entries(expected)) assert.equal(user[field], value);
      });
    }
    const refused = [
      ["a name of 101 crabs", { Name: CRAB.repeat(101) }, "Name", "This is 1 character too long."],
      ["no address", { "E-mail": "" }, "E-mail", "fill"],
      ["an address without a domain", { "E-mail": "ada@" }, "E-mail", ""],
      ["an address that no mail can reach", { "E-mail": "ada@localhost" }, "E-mail", "name@example.com"],
      ["an address in Cyrillic", { "E-mail": "ада@пример.рф" }, "E-mail", ""],
      ["a password of 19 crabs, which are 76 bytes", { Password: CRAB.repeat(19) }, "Password", "Use at most 72 bytes."],
      ["one of the common passwords", { Password: "Password1" }, "Password", "common"],
    ];
    for (const [name, values, label, text] of refused) {
      await t.test(name, async () => {
        await begin(values);
        await expectWrong(page, label, text);
        await expectAccessible(page);
      });
    }
    await t.test("an address that is taken", async () => {
      await begin({ "E-mail": "shouting@example.com" });
      await page.getByRole("alert").waitFor();
    });
    await page.close();
  });

  test("a login says what is wrong", async () => {
    const { email } = await signUp(server.current);
    const page = await open("/#/login", PHONE);
    await press(page, "Log in");
    await expectWrong(page, "E-mail", "fill");
    await expectWrong(page, "Password", "fill");
    await fill(page, { "E-mail": "nobody", Password: CRAB });
    await press(page, "Log in");
    await expectWrong(page, "E-mail", "@");
    for (const password of [CRAB.repeat(100), " ", "密码"]) {
      await fill(page, { "E-mail": email, Password: password });
      await press(page, "Log in");
      await page.getByRole("alert").filter({ hasNotText: "marked" }).waitFor();
      await expectAccessible(page);
    }
    await page.close();
  });

  test("a search takes any text", async () => {
    const organizer = await signUpOrganizer(server.current);
    await createEvent(organizer, { description: "Crème brûlée in Москва", date: "2035-06-01" });
    const page = await open("/");
    const found = page.getByRole("link", { name: "Crème brûlée" });
    for (const text of ["creme BRULEE", "москва", " \t crème "]) {
      await page.getByRole("searchbox").fill(text);
      await found.waitFor();
      await page.getByRole("searchbox").fill("nothing like that");
      await page.getByText("No events found.").waitFor();
    }
    for (const text of [CRAB, "%%%", `"'<>&#?/\\`, "ערב", "\u202E\u0000", "a ".repeat(2_000), CRAB.repeat(500)]) {
      const answer = page.waitForResponse((response) => response.url().includes("/api/events?") && response.url().includes("q="));
      await page.getByRole("searchbox").fill("");
      await page.getByRole("searchbox").fill(text);
      assert.equal((await answer).status(), 200, text);
      assert.equal(await page.getByRole("alert").count(), 0);
    }
    // Half a crab.
    await page.evaluate(() => {
      const box = document.querySelector("#q");
      box.value = "crème \ud83e";
      box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    });
    await found.waitFor();
    await page.close();
  });

  test("breaks no policy and runs nothing", () => expectQuiet());
});
