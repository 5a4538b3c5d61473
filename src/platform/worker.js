// The module that the runtime loads: its `fetch`, and the Durable Object classes. It is written by hand
// because calls to objects are RPC, which classes exported from Rust cannot receive, and because an answer
// that is known at once is returned without a promise.
//
// After a panic or a trap there is a new wasm instance (`wasm_instance.js`). The old one's state is gone, so
// each object detects this and is rebuilt from its storage. Whoever was waiting for the old one is told, and
// asks again.

import { DurableObject } from "cloudflare:workers";
import { DurableObjectHost, fetch } from "event-platform-wasm";
import { copyDue } from "./backup.js";
import { traced } from "./call_log.js";
import { Instances } from "./instances.js";
import { ResponseCache } from "./response_cache.js";
import { manage } from "./storage_admin.js";
import { Waiting } from "./waiting.js";
import { currentInstance, unlessItEnds } from "./wasm_instance.js";

const responses = new ResponseCache();
const instances = new Instances();

class Hosted extends DurableObject {
  #host;
  #instance;
  #restoring = false;
  #waiting = new Waiting();

  /**
   * Answers a command; command and answer are JSON. If it must wait for its batch, it is settled under its
   * ticket. `again` means that the command was sent before and may have been executed.
   */
  ask(command, again = false) {
    return traced(this.className, command, () => this.#give(command, again));
  }

  #give(command, again) {
    const answer = this.#current().receive(command, again);
    return typeof answer === "number" ? this.#waiting.answer(answer) : answer;
  }

  /** Answers several commands from one call, each with its `answer` or a `complaint`. */
  async askAll(commands, again = false) {
    const asked = commands.map(async (command) => this.ask(command, again));
    const settled = await Promise.allSettled(asked);
    return settled.map(({ value, reason }) => (reason ? { complaint: String(reason) } : { answer: value }));
  }

  /** Lets leases run out because a change is coming. */
  hold() {
    return unlessItEnds(this.#current().hold());
  }

  /** Milliseconds until the last lease has run out. */
  drains() {
    return this.#current().drains();
  }

  alarm() {
    return unlessItEnds(this.#ring());
  }

  async #ring() {
    const host = this.#current();
    await host.alarm();
    await copyDue(this.env.BACKUPS, this.kind, host);
  }

  /**
   * Does something with the storage for an operator; order and reply are JSON. While an object is being
   * restored, it answers nobody.
   */
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
    const instance = currentInstance();
    if (this.#instance !== instance) {
      this.#host = new DurableObjectHost(this.className, this.ctx, this.env, this.#waiting.settle);
      this.#instance = instance;
      instances.replace(`${this.className}/${this.ctx.id}`, this.#host, instance);
    }
    return this.#host;
  }
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
