// The module that the runtime loads: its `fetch`, and the Durable Object classes. By hand,
// because calls to objects are RPC, which classes that Rust exports cannot receive, and because
// an answer that is known at once goes back without a promise.
//
// After a panic or a trap wasm-bindgen starts a new wasm instance with the next call. What lived
// in the old one is gone, so each object notices (`instanceId`) and is built again from its
// storage; whoever still waited for the old one is told, and asks again.

import { DurableObject } from "cloudflare:workers";
import { Shell, __worker_init_state, fetch } from "event-platform-wasm";
import { Shells } from "./shells.js";
import { Repeats } from "./repeats.js";
import { RESTARTED } from "./retry.js";

const wasm = __worker_init_state();
const repeats = new Repeats();
const shells = new Shells();

class Hosted extends DurableObject {
  #shell;
  #instance;
  #waiting = new Map();

  /**
   * Answers a command, both JSON. What must wait for a turn is settled under its ticket. `again` says that the
   * command was sent before, and may have been executed.
   */
  ask(command, again = false) {
    const answer = this.#current().receive(command, again);
    if (typeof answer !== "number") return answer;
    return new Promise((resolve, reject) => this.#waiting.set(answer, { resolve, reject }));
  }

  /** Answers commands that have come together, each with its `answer` or a `complaint`. */
  async askAll(commands, again = false) {
    const asked = commands.map(async (command) => this.ask(command, again));
    const settled = await Promise.allSettled(asked);
    return settled.map(({ value, reason }) => (reason ? { complaint: String(reason) } : { answer: value }));
  }

  /** Lets leases run out because a change is on its way. */
  hold() {
    return this.#current().hold();
  }

  /** Milliseconds until no lease is out. */
  drains() {
    return this.#current().drains();
  }

  alarm() {
    return this.#current().alarm();
  }

  #current() {
    if (this.#instance !== wasm.instanceId) {
      for (const { resolve } of this.#waiting.values()) resolve(RESTARTED);
      this.#waiting.clear();
      this.#shell = new Shell(this.machine, this.ctx, this.env, settler(this.#waiting));
      this.#instance = wasm.instanceId;
      shells.replace(`${this.machine}/${this.ctx.id}`, this.#shell, wasm.instanceId);
    }
    return this.#shell;
  }
}

/**
 * Gives answers to those who wait for them. It must not hold the object: wasm holds it, and the object holds
 * what lives in wasm, a circle that no collector of either side can see as a whole.
 */
function settler(waiting) {
  return (ticket, answer, failed) => {
    const waits = waiting.get(ticket);
    waiting.delete(ticket);
    if (failed) waits?.reject(new Error(answer));
    else waits?.resolve(answer);
  };
}

export class Account extends Hosted {
  machine = "Account";
}

export class Event extends Hosted {
  machine = "Event";
}

export class Catalog extends Hosted {
  machine = "Catalog";
}

export class MailPacer extends Hosted {
  machine = "MailPacer";
}

export default {
  fetch: (request, env, context) => repeats.answer(request) ?? fetch(request, env, context, repeats),
};
