// The wasm instance of the isolate. A panic or a trap ends it, and wasm-bindgen starts the next one with the next
// call. What has been promised until then is never kept, so whoever waits has to be told.

import { __worker_init_state } from "event-platform-wasm";

const state = __worker_init_state();
const listeners = new Set();
let instanceId = state.instanceId;

// The `worker` crate counts instances here, whenever one starts.
Object.defineProperty(state, "instanceId", {
  get: () => instanceId,
  set(next) {
    instanceId = next;
    for (const tell of [...listeners]) tell();
  },
});

/** The number of the instance that the next call meets. One that is due starts now, before a handle of the old is used. */
export function currentInstance() {
  __worker_init_state();
  return instanceId;
}

/** Calls `tell` whenever an instance has ended, until `stopListening`. */
export const listenForEnd = (tell) => void listeners.add(tell);
export const stopListening = (tell) => void listeners.delete(tell);

// Rust's tasks are woken through `queueMicrotask`, many times a request. The runtime's own keeps
// books on each call and costs as much as a small request; a promise's reaction costs nothing. A task
// that fails has ended the instance, and a call into wasm starts the next one at once.
const settled = Promise.resolve();
globalThis.queueMicrotask = (task) =>
  void settled.then(task).catch((error) => {
    reportError(error);
    __worker_init_state();
  });

/** What a promise of wasm comes to, or an error if its instance ends before. */
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
