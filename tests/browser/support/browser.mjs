// A real Chromium, without a window. `make test-browser` brings it; CHROMIUM names another one.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const STEP_TIMEOUT_MS = 15_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of NAMES) {
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // Not this one.
    }
  }
  throw new Error("There is no Chromium: run `make test-browser`, or name one with CHROMIUM=/path/to/it");
}

/** A browser for the tests of one `describe`; `open` gives a page of somebody new to it. `flags` are Chromium's. */
export function useBrowser(server, { flags = [] } = {}) {
  let browser;
  const visitors = [];
  before(async () => {
    const args = [...flags, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
    browser = await chromium.launch({ executablePath: executable(), args });
  });
  after(() => browser?.close());
  return {
    async open(path, { width = 1280, height = 900, scheme = "light" } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: scheme,
        reducedMotion: "reduce",
        timezoneId: "Europe/Berlin",
        locale: "en-GB",
      });
      context.setDefaultTimeout(STEP_TIMEOUT_MS);
      const page = await context.newPage();
      const visitor = { page, complaints: [], elsewhere: [] };
      page.on("pageerror", (error) => visitor.complaints.push(String(error)));
      page.on("console", (message) => {
        // An answer of 4xx is the platform's word, not a fault of the page.
        const refused = message.text().startsWith("Failed to load resource");
        if (message.type() === "error" && !refused) visitor.complaints.push(message.text());
      });
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(server.current.url) && !url.startsWith("data:")) visitor.elsewhere.push(url);
      });
      visitors.push(visitor);
      await page.goto(server.current.url + path);
      return page;
    },
    /** Nobody's page has complained (of a policy that was broken, say) or asked another server. */
    expectQuiet() {
      for (const { complaints, elsewhere } of visitors) {
        assert.deepEqual(complaints, []);
        assert.deepEqual(elsewhere, []);
      }
    },
  };
}

/** No finding of axe that is serious or critical, nor text out of the window's width. */
export async function expectAccessible(page) {
  await page.evaluate(AXE);
  const findings = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map((node) => node.html) }));
  });
  const serious = findings.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(serious, [], page.url());
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${page.url()} is ${overflow} pixels too wide`);
}

/** Logs a person of the API's tests in, whose pages are open or will be. */
export async function enter(page, { token, refreshToken: refresh_token, user }) {
  const session = { token, token_type: "Bearer", expires_in: 3600, refresh_token, user, expires_at: Date.now() + 3_600_000 };
  await page.evaluate((text) => localStorage.setItem("session", text), JSON.stringify(session));
  await page.reload();
  await page.getByRole("button", { name: "Log out" }).waitFor();
}

/** Keeps a picture for the README when SCREENSHOTS names a folder. */
export async function picture(page, name) {
  if (process.env.SCREENSHOTS) {
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
  }
}
