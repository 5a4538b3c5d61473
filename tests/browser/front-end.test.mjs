// The example front end in a real browser, as people use it: on a phone and at a desk.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { useEdge, useMiniflare } from "../worker/support/server.mjs";
import { expectAccessible, picture, useBrowser } from "./support/browser.mjs";

const PASSWORD = "SecurePassword123";
const PHONE = { width: 390, height: 844 };

describe("The front end", () => {
  // As people meet it: behind an edge that compresses answers and makes their entity-tags weak.
  const server = useEdge(useMiniflare({ site: true }));
  const { open, expectQuiet } = useBrowser(server);
  const people = {};
  let event;

  const headline = (page, text) => page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
  const says = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
  const register = (page) => page.getByRole("button", { name: "Register" }).click();

  async function signUp(name, role, view) {
    const page = await open("/#/signup", view);
    await headline(page, "Sign up");
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("E-mail").fill(`${name.toLowerCase()}@example.com`);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByLabel("I want to").selectOption(role);
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByRole("button", { name: "Log out" }).waitFor();
    await headline(page, "Events");
    people[name] = page;
    return page;
  }

  test("says which field is wrong and leads there", async () => {
    const page = await open("/#/signup", PHONE);
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByText("Use at least 8 bytes.").waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "password");
    await expectAccessible(page);
    await page.close();
  });

  test("an organizer signs up and creates events", async () => {
    const page = await signUp("Ada", "organizer");
    for (const [title, tags] of [
      ["Rust at the edge", "rust\nwasm"],
      ["Gardening for beginners", "garden"],
    ]) {
      await page.goto(`${server.current.url}/#/organize/new`);
      await headline(page, "New event");
      await page.getByLabel("Title").fill(title);
      await page.getByLabel("Description").fill(`${title}: an evening of talks and questions, from anywhere.`);
      await page.getByLabel("Date").fill("2035-06-01");
      await page.getByLabel("Time", { exact: true }).fill("18:00");
      await page.getByLabel("Seats").fill("1");
      await page.getByLabel("Tags").fill(tags);
      await expectAccessible(page);
      await page.getByRole("button", { name: "Create" }).click();
      await headline(page, title);
    }
    await page.getByText("1 June 2035 at 18:00 (Europe/Berlin)").waitFor();
    await page.getByText("1 of 1 seats free").waitFor();
    await expectAccessible(page);
  });

  test("a visitor browses, searches, and is sent to log in", async () => {
    const page = await open("/", PHONE);
    await page.getByRole("link", { name: "Gardening for beginners" }).waitFor();
    await picture(page, "events-390");
    await page.getByRole("searchbox").fill("rust");
    await page.getByRole("link", { name: "Gardening for beginners" }).waitFor({ state: "detached" });
    await expectAccessible(page);
    await page.getByRole("link", { name: "Rust at the edge" }).click();
    await headline(page, "Rust at the edge");
    event = new URL(page.url()).hash.split("/").pop();
    await expectAccessible(page);
    await page.getByRole("link", { name: "Log in to register" }).click();
    await headline(page, "Log in");
    await expectAccessible(page);
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    await headline(page, "Rust at the edge");
    await page.close();
  });

  for (const view of [PHONE, {}]) {
    test(`the focus goes from top to bottom, ${view.width ?? 1280} pixels wide`, async () => {
      const page = await open("/", view);
      await page.getByRole("link", { name: "Rust at the edge" }).waitFor();
      await page.locator(".skip").focus();
      const seen = [];
      while (seen.length < 20) {
        seen.push(await page.evaluate(() => {
          const { textContent, labels } = document.activeElement;
          return labels?.[0]?.textContent ?? textContent;
        }));
        if (seen.at(-1) === "event-platform API") break;
        await page.keyboard.press("Tab");
      }
      assert.deepEqual(seen.map((text) => text.trim()), [
        "Skip to the content", "Events", "Log in", "Search", "Past events, too",
        "Rust at the edge", "Gardening for beginners", "event-platform API",
      ]);
      await page.close();
    });
  }

  test("takes a seat and gives it back by keyboard alone", async () => {
    const page = await open(`/#/signup/events/${event}`, PHONE);
    await headline(page, "Sign up");
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press("Tab");
    await page.keyboard.type("Kay");
    await press("Tab");
    await page.keyboard.type("kay@example.com");
    await press("Tab");
    await page.keyboard.type(PASSWORD);
    await press("Enter");
    await headline(page, "Rust at the edge");
    await page.locator("h1:focus").waitFor();
    await press("Tab", "Enter");
    await says(page, "You have a seat.");
    await page.getByRole("button", { name: "Give my seat back" }).waitFor();
    await press("Tab", "Enter");
    await says(page, "You are not registered.");
    await page.getByRole("button", { name: "Register" }).waitFor();
    await press("Tab");
    await page.getByRole("button", { name: "Register" }).and(page.locator(":focus")).waitFor();
    await page.close();
  });

  test("searches and opens an event by keyboard alone", async () => {
    const page = await open("/");
    await page.getByRole("link", { name: "Rust at the edge" }).waitFor();
    await headline(page, "Events");
    await page.keyboard.press("Tab");
    await page.getByRole("searchbox").and(page.locator(":focus")).waitFor();
    await page.keyboard.type("rust");
    await page.getByRole("link", { name: "Gardening for beginners" }).waitFor({ state: "detached" });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await headline(page, "Rust at the edge");
    await page.locator("h1:focus").waitFor();
    await page.close();
  });

  test("the first takes the seat, the second waits, and moves up", async () => {
    const bob = await signUp("Bob", "attendee", PHONE);
    await bob.goto(`${server.current.url}/#/events/${event}`);
    await register(bob);
    await says(bob, "You have a seat.");

    const eve = await signUp("Eve", "attendee", { ...PHONE, scheme: "dark" });
    await eve.goto(`${server.current.url}/#/events/${event}`);
    await register(eve);
    await says(eve, "You are number 1 on the waitlist.");
    await expectAccessible(eve);
    await picture(eve, "waitlist-390");

    await bob.getByRole("button", { name: "Give my seat back" }).click();
    await says(bob, "You are not registered.");
    await eve.getByRole("link", { name: "My seats" }).click();
    await eve.getByText("You have a seat.").waitFor();
    await expectAccessible(eve);
  });

  test("the organizer sees who comes and checks them in", async () => {
    const page = people.Ada;
    await page.goto(`${server.current.url}/#/organize/${event}/people`);
    const button = (name) => page.getByRole("button", { name, exact: true });
    await button("Check in Eve").focus();
    await page.keyboard.press("Enter");
    await says(page, "Eve is checked in.");
    await button("Undo check-in Eve").and(page.locator(":focus")).waitFor();
    await expectAccessible(page);
    await button("Undo check-in Eve").click();
    await says(page, "Eve is no longer checked in.");
    await button("Check in Eve").waitFor();
  });

  test("the organizer edits an event, and is told when somebody was faster", async () => {
    const page = people.Ada;
    await page.goto(`${server.current.url}/#/organize/${event}/edit`);
    await page.getByLabel("Seats").fill("20");
    await page.getByLabel("Title").fill("Rust at the edge, again");
    await page.getByRole("button", { name: "Save" }).click();
    await headline(page, "Rust at the edge, again");
    await page.getByText("of 20 seats free").waitFor();
    await picture(page, "event-1280");

    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByLabel("Title").fill("Too late");
    const token = await page.evaluate(() => JSON.parse(localStorage.getItem("session")).token);
    const faster = await fetch(`${server.current.url}/api/events/${event}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ title: "Somebody was faster" }),
      signal: AbortSignal.timeout(10_000),
    });
    assert.equal(faster.status, 200);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").filter({ hasText: "The event has changed since you read it." }).waitFor();
  });

  test("the organizer deletes an event and logs out", async () => {
    const page = people.Ada;
    await page.goto(`${server.current.url}/#/organize`);
    await headline(page, "My events");
    await expectAccessible(page);
    await page.getByRole("link", { name: "Edit Somebody was faster" }).click();
    page.once("dialog", (dialog) => dialog.accept());
    await page.getByRole("button", { name: "Delete this event" }).click();
    await headline(page, "My events");
    await page.getByRole("link", { name: "Gardening for beginners", exact: true }).waitFor();
    assert.equal(await page.getByText("Somebody was faster").count(), 0);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("link", { name: "Log in" }).waitFor();
  });

  test("takes nothing from elsewhere and breaks no policy", () => expectQuiet());
});
