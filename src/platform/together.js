// Commands that many requests have for one object at the same time go in one call. A call costs the
// runtime more than all that a registration does, and all of them would get the same turn anyway.
//
// Requests then wait for a call that another has made. The runtime lets a promise of one be settled
// by another, but may end what a request has begun when its client goes away: so the call counts as
// work that outlives the request (`waitUntil`), and some of those who wait for it watch the clock for all.

import { waitUntil } from "cloudflare:workers";
import { RESTARTED, retrying, unavailable } from "event-platform-retry";
import { stub } from "./glue.js";

/** Commands in one call; as many as a turn executes. */
const COMMANDS_MAX = 256;
/** How long a call waits at most while ever more commands join it. */
const GATHERING_MS = 25;
/** How long a command waits for an answer. Nobody but a call that has been lost takes so long. */
const PATIENCE_MS = 10_000;

/** By the object's name, the call that commands can still join. */
const calls = new Map();

/** Asks a Durable Object by name, as `ask` does, in company. */
export function askTogether(namespace, name, location, command) {
  let call = calls.get(name);
  if (call === undefined || call.asked.length >= COMMANDS_MAX || Date.now() > call.until) {
    call = { until: Date.now() + GATHERING_MS, asked: [] };
    calls.set(name, call);
    waitUntil(make(call, namespace, name, location));
  }
  const { promise, resolve, reject } = Promise.withResolvers();
  call.asked.push({ command, resolve, reject });
  return isWatch(call.asked.length) ? watched(promise, call) : promise;
}

/**
 * Whether the request that comes `nth` watches the clock: the second, the fourth, the eighth and so on. A timer for
 * each costs a twentieth of a registration; one alone could go with its client.
 */
const isWatch = (nth) => nth > 1 && (nth & (nth - 1)) === 0;

function watched(promise, { asked }) {
  const giveUp = () => asked.forEach(({ reject }) => reject(unavailable("the call was lost")));
  const patience = setTimeout(giveUp, PATIENCE_MS);
  return promise.finally(() => clearTimeout(patience));
}

async function make(call, namespace, name, location) {
  const { asked } = call;
  try {
    await gather(call);
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
async function gather({ asked, until }) {
  let seen;
  do {
    seen = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 0));
  } while (asked.length > seen && Date.now() < until);
}
