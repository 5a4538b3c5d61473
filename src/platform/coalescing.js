// Commands that many requests have for one object at the same time go in one call. A call costs the
// runtime more than all that a registration does, and all of them would get the same batch anyway.
//
// Requests then wait for a call that another has made. The runtime lets a promise of one be settled
// by another, but may end what a request has begun when its client goes away: so the call counts as
// work that outlives the request (`waitUntil`), and nobody waits for it without a limit.
//
// Each waits with a timer of its own, though that costs a twentieth of a registration: a request that has nothing of
// its own under way counts as hung, and the runtime cancels it while the call is made again.

import { waitUntil } from "cloudflare:workers";
import { RESTARTED, retrying, unavailable } from "event-platform-retry";
import { stub } from "./bindings.js";

/** Commands in one call; as many as a batch holds. */
const COMMANDS_MAX = 256;
/** How long a call waits at most while ever more commands join it. */
const COLLECTING_MS = 25;
/** How long a command waits for an answer. Nobody but a call that has been lost takes so long. */
const PATIENCE_MS = 10_000;

/** By the object's name, the call that commands can still join. */
const calls = new Map();

/** Asks a Durable Object by name, as `ask` does, in company. */
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
 * Waits as long as each look finds more commands than the last. Nobody has come yet when it begins,
 * so there are two looks at least: with one alone a crowd was no faster, and rather slower.
 */
async function collect({ asked, until }) {
  let seen;
  do {
    seen = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 0));
  } while (asked.length > seen && Date.now() < until);
}
