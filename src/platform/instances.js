// Frees discarded objects in wasm without waiting for the garbage collector.
//
// An object's memory is in wasm, of which the collector sees only a small handle. It has no reason to hurry,
// while an event with many registrations holds megabytes. There is at most one instance of an object at a
// time, so when a new one starts, the memory of the previous one is garbage.

export class Instances {
  /** By object name, the latest host and its wasm instance. */
  #latest = new Map();
  /** Removes the names of objects that have been collected. */
  #collected = new FinalizationRegistry(({ name, entry }) => {
    if (this.#latest.get(name) === entry) this.#latest.delete(name);
  });

  /** Frees the previous host and remembers this one. */
  replace(name, host, instance) {
    const before = this.#latest.get(name);
    const old = before?.instance === instance ? before.host.deref() : undefined;
    if (old !== host) old?.free();
    const entry = { host: new WeakRef(host), instance };
    this.#latest.set(name, entry);
    this.#collected.register(host, { name, entry });
  }
}
