// The reference at /docs in a real browser: it shows every call, and a call can be tried.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { signUp } from "../worker/support/people.mjs";
import { useMiniflare } from "../worker/support/server.mjs";
import { picture, useBrowser } from "./support/browser.mjs";

describe("The reference", () => {
  const server = useMiniflare({ site: true });
  const { open, expectQuiet } = useBrowser(server);

  test("shows every operation of the document", async () => {
    const page = await open("/docs");
    const { paths } = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8"));
    const operations = Object.values(paths).flatMap((path) => Object.keys(path));
    await page.locator(".opblock").first().waitFor();
    assert.equal(await page.locator(".opblock").count(), operations.length);
    await picture(page, "reference-1280");
    await page.close();
  });

  test("tries a call with a token", async () => {
    const person = await signUp(server.current);
    const page = await open("/docs");
    await page.getByRole("button", { name: "Authorize" }).click();
    const dialog = page.locator(".modal-ux");
    await dialog.getByRole("textbox").fill(person.token);
    await dialog.getByRole("button", { name: "Apply credentials" }).click();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const call = page.locator("#operations-Accounts-me");
    await call.locator(".opblock-summary").click();
    await call.getByRole("button", { name: "Execute" }).click();
    await call.locator(".live-responses-table .response-col_status").filter({ hasText: "200" }).waitFor();
    await call.locator(".live-responses-table").getByText(person.email).first().waitFor();
    await page.close();
  });

  test("takes nothing from elsewhere and breaks no policy", () => expectQuiet());
});
