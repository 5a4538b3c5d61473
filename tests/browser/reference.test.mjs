// The reference at /docs in a real browser: it shows every call, and a call can be tried.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { createEvent, signUp, signUpOrganizer } from "../worker/support/people.mjs";
import { useMiniflare } from "../worker/support/server.mjs";
import { expectAccessible, picture, useBrowser } from "./support/browser.mjs";

describe("The reference", () => {
  const server = useMiniflare({ site: true });
  const { open, expectQuiet } = useBrowser(server);

  test("shows every operation of the document", async () => {
    const page = await open("/docs");
    const { paths } = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8"));
    const operations = Object.values(paths).flatMap((path) => Object.keys(path));
    await page.locator(".opblock").first().waitFor();
    assert.equal(await page.locator(".opblock").count(), operations.length);
    await page.close();
  });

  test("tries a call with a token", async () => {
    const person = await signUp(server.current);
    const page = await open("/docs");
    await page.getByRole("button", { name: "Authorize" }).click();
    const dialog = page.locator(".modal-ux");
    // Operators have a form of their own beside it.
    const form = dialog.locator("form").filter({ hasText: "bearer (http" });
    await form.getByRole("textbox").fill(person.token);
    await form.getByRole("button", { name: "Authorize with this token" }).click();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const call = page.locator("#operations-Accounts-me");
    await call.locator(".opblock-summary").click();
    await call.getByRole("button", { name: "Execute" }).click();
    await call.locator(".live-responses-table .response-col_status").filter({ hasText: "200" }).waitFor();
    await call.locator(".live-responses-table").getByText(person.email).first().waitFor();
    await page.close();
  });

  test("tries a change as it stands, but for the id, as often as one likes", async () => {
    const organizer = await signUpOrganizer(server.current);
    const event = await createEvent(organizer);
    const page = await open("/docs#/Events/changeEvent");
    await page.getByRole("button", { name: "Authorize" }).click();
    const form = page.locator(".modal-ux form").filter({ hasText: "bearer (http" });
    await form.getByRole("textbox").fill(organizer.token);
    await form.getByRole("button", { name: "Authorize with this token" }).click();
    await page.getByRole("button", { name: "Close" }).first().click();
    const call = page.locator("#operations-Events-changeEvent");
    await call.locator("[data-param-name=id] input").fill(event.id);
    for (const time of [1, 2]) {
      await call.getByRole("button", { name: "Execute" }).click();
      const status = call.locator(".live-responses-table tbody .response-col_status");
      assert.match(await status.innerText(), /^200/, `the ${time}. time`);
      await call.getByRole("button", { name: "Clear" }).click();
    }
    await page.close();
  });

  for (const width of [1280, 390]) {
    test(`can be used by everybody, at ${width} pixels`, async () => {
      const page = await open("/docs", { width });
      await page.locator(".opblock").first().waitFor();
      await picture(page, `reference-${width}`);
      await expectAccessible(page);
      await page.getByRole("button", { name: "Authorize" }).click();
      await page.getByRole("button", { name: "Close" }).first().waitFor();
      await expectAccessible(page);
      await page.getByRole("button", { name: "Close" }).first().click();
      for (const name of ["Accounts-me", "Events-createEvent", "Events-listEvents", "Registrations-listRegistrations"]) {
        const call = page.locator(`#operations-${name}`);
        await call.locator(".opblock-summary-control").click();
        await call.getByRole("tab", { name: "Schema" }).last().click();
      }
      const call = page.locator("#operations-Accounts-me");
      await call.getByRole("button", { name: "Execute" }).click();
      await call.locator(".live-responses-table").waitFor();
      await page.getByRole("button", { name: "Schemas" }).click();
      await page.locator("section.models .json-schema-2020-12").first().waitFor();
      await expectAccessible(page);
      await page.close();
    });
  }

  test("opens a call by keyboard, and has an address for it", async () => {
    const page = await open("/docs");
    const call = page.locator("#operations-Events-listEvents .opblock-summary-control");
    await call.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/docs#/Events/listEvents");
    await page.reload();
    await page.locator("#operations-Events-listEvents").getByRole("button", { name: "Execute" }).waitFor();
    await page.close();
  });

  test("takes nothing from elsewhere and breaks no policy", () => expectQuiet());
});
