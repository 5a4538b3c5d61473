// The module that the runtime loads: its `fetch`, and the Durable Object classes. By hand,
// because calls to objects are RPC, which classes that Rust exports cannot receive, and because
// an answer that is known at once goes back without a promise.
//
// After a panic or a trap wasm-bindgen starts a new wasm instance with the next call. What lived
// in the old one is gone, so each object notices (`instanceId`) and is built again from its
// storage; whoever still waited for the old one is told, and asks again.

import { DurableObject } from "cloudflare:workers";
import { DurableObjectHost, __worker_init_state, fetch } from "event-platform-wasm";
import { copyDue } from "./backup.js";
import { manage } from "./storage_admin.js";
import { Instances } from "./instances.js";
import { ResponseCache } from "./response_cache.js";
import { RESTARTED } from "./retry.js";
import { traced } from "./call_log.js";

const wasm = __worker_init_state();
const responses = new ResponseCache();
const instances = new Instances();

class Hosted extends DurableObject {
  #host;
  #instance;
  #restoring = false;
  #waiting = new Map();

  /**
   * Answers a command, both JSON. What must wait for a turn is settled under its ticket. `again` says that the
   * command was sent before, and may have been executed.
   */
  ask(command, again = false) {
    return traced(this.className, command, () => this.#give(command, again));
  }

  #give(command, again) {
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

  async alarm() {
    const host = this.#current();
    await host.alarm();
    await copyDue(this.env.BACKUPS, this.kind, host);
  }

  /** Does something with the storage for an operator, both JSON. Meanwhile a restored object answers nobody. */
  async manage(order, name) {
    const restoring = (begun) => {
      this.#restoring = begun;
      if (!begun) this.#instance = undefined;
    };
    const { ctx, env, kind } = this;
    const reply = await manage({ ctx, env, kind, name, host: this.#current(), restoring }, JSON.parse(order));
    return JSON.stringify(reply);
  }

  #current() {
    if (this.#restoring) throw new Error("the object is being restored");
    if (this.#instance !== wasm.instanceId) {
      for (const { resolve } of this.#waiting.values()) resolve(RESTARTED);
      this.#waiting.clear();
      this.#host = new DurableObjectHost(this.className, this.ctx, this.env, settler(this.#waiting));
      this.#instance = wasm.instanceId;
      instances.replace(`${this.className}/${this.ctx.id}`, this.#host, wasm.instanceId);
    }
    return this.#host;
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
  className = "Account";
  kind = "account";
}

export class Event extends Hosted {
  className = "Event";
  kind = "event";
}

export class Catalog extends Hosted {
  className = "Catalog";
  kind = "catalog";
}

export class MailPacer extends Hosted {
  className = "MailPacer";
}

export default {
  fetch: (request, env, context) => responses.answer(request) ?? fetch(request, env, context, responses),
};
