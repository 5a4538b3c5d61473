// Commands that wait for their batch, by ticket. This must not hold the object: wasm holds `settle`, and the
// object holds what lives in wasm, which would be a cycle that neither side's garbage collector can see as a
// whole.

import { RESTARTED } from "./retry.js";
import { listenForEnd, stopListening } from "./wasm_instance.js";

export class Waiting {
  #tickets = new Map();

  /** The answer, once there is one. */
  answer(ticket) {
    if (this.#tickets.size === 0) listenForEnd(this.#restart);
    return new Promise((resolve, reject) => this.#tickets.set(ticket, { resolve, reject }));
  }

  /** Delivers an answer to whoever waits for it. */
  settle = (ticket, answer, failed) => {
    const waits = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (this.#tickets.size === 0) stopListening(this.#restart);
    if (failed) waits?.reject(new Error(answer));
    else waits?.resolve(answer);
  };

  #restart = () => {
    stopListening(this.#restart);
    for (const { resolve } of this.#tickets.values()) resolve(RESTARTED);
    this.#tickets.clear();
  };
}
