// Commands from many requests to the same object go in one call. A call costs the runtime more than all the
// work of a registration, and all of them would join the same batch anyway.
//
// So requests wait for a call that another request made. The runtime lets one request settle another's
// promise, but may end what a request started when its client goes away. So the call is registered as work
// that outlives the request (`waitUntil`), and nobody waits for it without a limit.
//
// Each request waits with its own timer, although that costs a twentieth of a registration: the runtime
// treats a request with nothing pending as hung, and would cancel it while the call is being retried.

import { waitUntil } from "cloudflare:workers";
import { RESTARTED, retrying, unavailable } from "event-platform-retry";
import { stub } from "./bindings.js";

/** Commands in one call; as many as in a batch. */
const COMMANDS_MAX = 256;
/** The longest time a call waits while more commands keep joining it. */
const COLLECTING_MS = 25;
/** How long a command waits for an answer. Only a call that was lost takes this long. */
const PATIENCE_MS = 10_000;

/** The call that commands can still join, by object name. */
const calls = new Map();

/** Asks a Durable Object by name, like `ask`, but shares the call with others. */
export function askCoalesced(namespace, name, location, command) {
  let call = calls.get(name);
  if (call === undefined || call.asked.length >= COMMANDS_MAX || Date.now() > call.until) {
    call = { until: Date.now() + COLLECTING_MS, asked: [] };
    calls.set(name, call);
    waitUntil(make(call, namespace, name, location));
  }
  const { promise, resolve, reject } = Promise.withResolvers();
  const patience = setTimeout(() => reject(unavailable("the call was lost")), PATIENCE_MS);
  call.asked.push({ command, resolve, reject });
  return promise.finally(() => clearTimeout(patience));
}

async function make(call, namespace, name, location) {
  const { asked } = call;
  try {
    await collect(call);
    if (calls.get(name) === call) calls.delete(name);
    const commands = asked.map(({ command }) => command);
    const answers = await retrying(async (again) => {
      const answers = await stub(namespace, name, location).askAll(commands, again);
      return answers.some(({ answer }) => answer === RESTARTED) ? RESTARTED : answers;
    });
    asked.forEach(({ resolve, reject }, at) => {
      const { answer, complaint } = answers[at];
      if (complaint === undefined) resolve(answer);
      else reject(new Error(complaint));
    });
  } catch (error) {
    for (const { reject } of asked) reject(error);
  }
}

/**
 * Waits as long as each look finds more commands than the last. At the start none have joined, so there are
 * at least two looks: with only one, a crowd was no faster, and rather slower.
 */
async function collect({ asked, until }) {
  let seen;
  do {
    seen = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 0));
  } while (asked.length > seen && Date.now() < until);
}
