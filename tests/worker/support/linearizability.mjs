// Is a history of concurrent calls one that some order of single calls explains?
//
// The search is Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory
// of dead ends ("Testing for Linearizability", 2017): take any call that no other unexplained call
// returned before, let the model take the step, go on; where nothing fits, go back. A state that
// was reached before with the same calls explained is not tried twice.

/**
 * `history`: `[{ invokedAt, returnedAt, operation, output }]`, times from one clock that never stands
 * still. `model`: `{ initial, step(state, operation, output), key(state) }`; `step` gives the next
 * state, or `undefined` where the output is impossible in that state; states are never changed.
 *
 * Gives an order of the calls that explains the history, or `undefined` when there is none.
 */
export function linearize(history, model) {
  const calls = history.toSorted((a, b) => a.invokedAt - b.invokedAt);
  const explained = new Uint8Array(calls.length);
  const order = [];
  const deadEnds = new Set();

  // `first` is the earliest call that is not explained yet: all before it are.
  const search = (state, first) => {
    while (first < calls.length && explained[first]) first += 1;
    if (first === calls.length) return true;
    const situation = `${first}:${openCalls(explained, first)}:${model.key(state)}`;
    if (deadEnds.has(situation)) return false;

    let earliestReturn = Infinity;
    for (let i = first; i < calls.length && calls[i].invokedAt < earliestReturn; i++) {
      if (explained[i]) continue;
      earliestReturn = Math.min(earliestReturn, calls[i].returnedAt);
      const next = model.step(state, calls[i].operation, calls[i].output);
      if (next === undefined) continue;
      explained[i] = 1;
      order.push(calls[i]);
      if (search(next, first)) return true;
      order.pop();
      explained[i] = 0;
    }
    deadEnds.add(situation);
    return false;
  };

  return search(model.initial, 0) ? order : undefined;
}

/** Which calls from `first` on are explained, up to the last one that is. */
function openCalls(explained, first) {
  return explained.subarray(first, explained.lastIndexOf(1) + 1).join("");
}

/** Records calls with the times between which they took effect. */
export class History {
  #clock = 0;
  calls = [];

  /** `send` makes the call and gives its output. */
  async record(operation, send) {
    const call = { operation, invokedAt: ++this.#clock };
    call.output = await send();
    call.returnedAt = ++this.#clock;
    this.calls.push(call);
    return call.output;
  }
}
