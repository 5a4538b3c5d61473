// A session in several tabs of a real browser: renewed once, ended for all; and pages that came without HTTPS.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createEvent, EVENT, signUp, signUpOrganizer } from "../worker/support/people.mjs";
import { eventually } from "../worker/support/eventually.mjs";
import { useEdge, useMiniflare } from "../worker/support/server.mjs";
import { enter, useBrowser } from "./support/browser.mjs";

const LAN = "platform.lan";

describe("A session in the front end", () => {
  const server = useEdge(useMiniflare({ site: true }));
  const { open } = useBrowser(server, { flags: [`--host-resolver-rules=MAP ${LAN} 127.0.0.1`] });

  const loggedIn = (page) => page.getByRole("button", { name: "Log out" });
  const loggedOut = (page) => page.getByRole("link", { name: "Log in" });
  const headline = (page, text) => page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
  const stored = (page) => page.evaluate(() => localStorage.getItem("session"));
  const runOut = (page) =>
    page.evaluate(() => {
      const session = JSON.parse(localStorage.getItem("session"));
      localStorage.setItem("session", JSON.stringify({ ...session, expires_at: 0 }));
    });

  /** Two tabs of one person. */
  async function twoTabs() {
    const person = await signUp(server.current);
    const one = await open("/");
    await enter(one, person);
    const two = await one.context().newPage();
    await two.goto(`${server.current.url}/`);
    await loggedIn(two).waitFor();
    return { person, one, two };
  }

  test("two tabs that renew at the same moment renew once", async () => {
    const { one, two } = await twoTabs();
    const tokens = [];
    one.context().on("request", (request) => {
      if (request.url().endsWith("/api/token/refresh")) tokens.push(request.postDataJSON().refresh_token);
    });
    for (let round = 1; round <= 5; round++) {
      await runOut(one);
      await two.waitForFunction(() => JSON.parse(localStorage.getItem("session")).expires_at === 0);
      await Promise.all([one, two].map((page) => page.evaluate(() => (location.hash = "#/mine"))));
      await Promise.all([one, two].map((page) => page.getByText("None so far.").waitFor()));
      assert.equal(tokens.length, round);
      assert.equal(new Set(tokens).size, round);
      await Promise.all([one, two].map((page) => page.evaluate(() => (location.hash = "#/"))));
      await Promise.all([one, two].map((page) => headline(page, "Events")));
    }
    await one.context().close();
  });

  test("logging out ends the session on the platform, and in the other tab", async () => {
    const { person, one, two } = await twoTabs();
    await two.getByRole("link", { name: "My seats" }).click();
    await headline(two, "My seats");
    await loggedIn(one).click();
    await loggedOut(one).waitFor();
    await headline(two, "Log in");
    assert.equal(await stored(one), null);
    await eventually(async () => assert.equal((await person.get("/api/me")).status, 401));
    await one.context().close();
  });

  test("logging out works when the platform cannot be reached", async () => {
    const page = await open("/");
    await enter(page, await signUp(server.current));
    await page.route("**/api/logout", (route) => route.abort());
    await loggedIn(page).click();
    await loggedOut(page).waitFor();
    assert.equal(await stored(page), null);
    await page.context().close();
  });

  test("a session that was ended elsewhere leads to the login, and back", async () => {
    const person = await signUp(server.current);
    const page = await open("/");
    await enter(page, person);
    await person.post("/api/logout");
    await page.getByRole("link", { name: "My seats" }).click();
    await headline(page, "Log in");
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await headline(page, "My seats");
    await page.context().close();
  });

  test("a stored session that is damaged counts as none", async () => {
    const page = await open("/");
    for (const text of ["{", "null", "[]", '{"token":"x"}']) {
      await page.evaluate((text) => localStorage.setItem("session", text), text);
      await page.reload();
      await loggedOut(page).waitFor();
    }
    await page.context().close();
  });

  test("a page that came without HTTPS creates events and renews its session", async () => {
    const organizer = await signUpOrganizer(server.current);
    const page = await open("/");
    const { port } = new URL(server.current.url);
    const site = `http://${LAN}:${port}`;
    await page.goto(site);
    assert.deepEqual(await page.evaluate(() => [isSecureContext, "locks" in navigator, "randomUUID" in crypto]), [false, false, false]);
    await enter(page, organizer);
    await runOut(page);
    await page.goto(`${site}/#/organize/new`);
    await headline(page, "New event");
    await page.getByLabel("Description").fill("From the next room");
    await page.getByLabel("Date").fill("2035-06-01");
    await page.getByLabel("Time", { exact: true }).fill("18:00");
    const created = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/api/events"));
    await page.getByRole("button", { name: "Create" }).click();
    await headline(page, "From the next room");
    assert.match((await created).headers()["idempotency-key"], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await page.context().close();
  });

  test("the seats of somebody who has many come in pages", async () => {
    const organizer = await signUpOrganizer(server.current);
    const page = await open("/");
    for (let number = 1; number <= 52; number++) {
      const event = await createEvent(organizer, { description: `Evening ${number}`, date: EVENT.date });
      assert.equal((await organizer.post(`/api/events/${event.id}/register`)).status, 201);
    }
    await enter(page, organizer);
    for (const [link, title] of [["My seats", "My seats"], ["Organise", "My events"]]) {
      await page.getByRole("link", { name: link }).click();
      await headline(page, title);
      await page.getByRole("heading", { level: 2 }).nth(49).waitFor();
      assert.equal(await page.getByRole("heading", { level: 2 }).count(), 50);
      await page.getByRole("button", { name: "Show more" }).click();
      await page.getByRole("heading", { level: 2 }).nth(51).waitFor();
      await page.getByRole("button", { name: "Show more" }).waitFor({ state: "detached" });
      const titles = await page.getByRole("heading", { level: 2 }).allTextContents();
      assert.equal(new Set(titles).size, 52);
      await page.waitForFunction((title) => document.activeElement.textContent === title, titles[50]);
    }
    await page.context().close();
  });
});
