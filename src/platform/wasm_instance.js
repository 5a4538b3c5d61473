// The isolate's wasm instance. A panic or a trap ends it, and wasm-bindgen starts a new one with the next
// call. Promises of the old instance never settle, so whoever waits for them must be told.

import { __worker_init_state } from "event-platform-wasm";

const state = __worker_init_state();
const listeners = new Set();
let instanceId = state.instanceId;

// The `worker` crate counts instances here whenever one starts.
Object.defineProperty(state, "instanceId", {
  get: () => instanceId,
  set(next) {
    instanceId = next;
    for (const tell of [...listeners]) tell();
  },
});

/**
 * The number of the instance that the next call meets. If a new one is due, it starts now, before a handle of
 * the old one is used.
 */
export function currentInstance() {
  __worker_init_state();
  return instanceId;
}

/** Calls `tell` whenever an instance has ended, until `stopListening`. */
export const listenForEnd = (tell) => void listeners.add(tell);
export const stopListening = (tell) => void listeners.delete(tell);

// Rust's tasks are woken through `queueMicrotask`, many times per request. The runtime's own version does
// bookkeeping on each call and costs as much as a small request, while a promise reaction costs nothing. A
// task that fails has ended the instance, and the next call into wasm starts a new one.
const settled = Promise.resolve();
globalThis.queueMicrotask = (task) =>
  void settled.then(task).catch((error) => {
    reportError(error);
    __worker_init_state();
  });

/** The result of a promise from wasm, or an error if its instance ends first. */
export async function unlessItEnds(promise) {
  const end = Promise.withResolvers();
  const tell = () => end.reject(new Error("the wasm instance has ended"));
  listenForEnd(tell);
  try {
    return await Promise.race([promise, end.promise]);
  } finally {
    stopListening(tell);
  }
}
