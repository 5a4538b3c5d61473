// Objects that were put away are freed in wasm without waiting for the collector.
//
// What an object holds in memory lives in wasm, of which the collector sees nothing but a small handle: it has
// no reason to hurry, while an event with many registrations holds megabytes. There is at most one instance of
// an object at a time, so when a new one starts, what the one before it held is garbage.

export class Instances {
  /** By the object's name, its latest host and the wasm instance that it lives in. */
  #latest = new Map();
  /** Forgets names of objects that have been collected. */
  #collected = new FinalizationRegistry(({ name, entry }) => {
    if (this.#latest.get(name) === entry) this.#latest.delete(name);
  });

  /** Frees the host before this one, and takes note of this one. */
  replace(name, host, instance) {
    const before = this.#latest.get(name);
    const old = before?.instance === instance ? before.host.deref() : undefined;
    if (old !== host) old?.free();
    const entry = { host: new WeakRef(host), instance };
    this.#latest.set(name, entry);
    this.#collected.register(host, { name, entry });
  }
}
