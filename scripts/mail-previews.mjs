// Renders three mails as a phone shows them, for docs/mail: signs up at a worker whose mail goes to
// the tests' double, and has a headless Chromium draw what arrived. Needs `make build` and Chromium.
//
//   node scripts/mail-previews.mjs [chromium]

import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEvent, register, signUp, signUpOrganizer } from "../tests/worker/support/people.mjs";
import { MailDouble } from "../tests/worker/support/mail-double.mjs";
import { startWorkerd } from "../tests/worker/support/workerd.mjs";

const chromium = process.argv[2] ?? "chromium";
const folder = mkdtempSync(join(tmpdir(), "mail-previews-"));
const mail = await MailDouble.start();
const server = await startWorkerd({ settings: mail.settings });

try {
  const organizer = await signUpOrganizer(server, { name: "Grace Hopper" });
  const person = await signUp(server, { name: "Ada Lovelace" });
  const soon = new Date(Date.now() + 10 * 60_000).toISOString();
  const event = await createEvent(organizer, {
    title: "An evening of talks about compilers, seats and very long titles",
    description: "Talks",
    date: soon.slice(0, 10),
    time: soon.slice(11, 16),
    timezone: "UTC",
  });
  await register(person, event);
  await mail.mailsTo(person.email, { count: 2 });
  await organizer.put(`/api/events/${event.id}`, { status: "cancelled" });
  const mails = await mail.mailsTo(person.email, { count: 3 });
  for (const [name, subject] of [
    ["confirm-address", "Confirm"],
    ["registered", "You are registered"],
    ["event-cancelled", "Cancelled"],
  ]) {
    const page = join(folder, `${name}.html`);
    writeFileSync(page, framed(mails.find((sent) => sent.subject.startsWith(subject)).html));
    execFileSync(chromium, [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--window-size=500,600",
      `--screenshot=${join("docs/mail", `${name}.png`)}`,
      page,
    ]);
  }
} finally {
  await server.dispose();
  await mail.dispose();
}

/** A phone's width inside the window, which a desktop's browser keeps at 500 pixels at least. */
function framed(html) {
  const source = html.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<!doctype html><body style="margin:0"><iframe style="width:390px;height:600px;border:0" srcdoc="${source}"></iframe>`;
}
