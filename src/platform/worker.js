// The module that the runtime loads: its `fetch`, and the Durable Object classes. By hand,
// because calls to objects are RPC, which classes that Rust exports cannot receive, and because
// an answer that is known at once goes back without a promise.
//
// After a panic or a trap wasm-bindgen starts a new wasm instance with the next call. What lived
// in the old one is gone, so each object notices (`instanceId`) and is built again from its
// storage; whoever still waited for the old one is told.

import { DurableObject } from "cloudflare:workers";
import { Shell, __worker_init_state, fetch } from "event-platform-wasm";
import { Repeats } from "./repeats.js";

const wasm = __worker_init_state();
const repeats = new Repeats();

class Hosted extends DurableObject {
  #shell;
  #instance;
  #waiting = new Map();

  /** Answers a command, both JSON. What must wait for a turn is settled under its ticket. */
  ask(command) {
    const answer = this.#current().receive(command);
    if (typeof answer !== "number") return answer;
    return new Promise((resolve, reject) => this.#waiting.set(answer, { resolve, reject }));
  }

  /** Answers commands that have come together, each with its `answer` or a `complaint`. */
  async askAll(commands) {
    const asked = commands.map(async (command) => this.ask(command));
    const settled = await Promise.allSettled(asked);
    return settled.map(({ value, reason }) => (reason ? { complaint: String(reason) } : { answer: value }));
  }

  /** Lets leases run out because a change is on its way. */
  hold() {
    return this.#current().hold();
  }

  alarm() {
    return this.#current().alarm();
  }

  #current() {
    if (this.#instance !== wasm.instanceId) {
      for (const { reject } of this.#waiting.values()) reject(new Error("the object was restarted"));
      this.#waiting.clear();
      const settle = (ticket, answer, failed) => this.#settle(ticket, answer, failed);
      this.#shell = new Shell(this.machine, this.ctx, this.env, settle);
      this.#instance = wasm.instanceId;
    }
    return this.#shell;
  }

  #settle(ticket, answer, failed) {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    if (failed) waiting?.reject(new Error(answer));
    else waiting?.resolve(answer);
  }
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
