// Keeps hold of the memory of each wasm instance that is made after this module, and has one trap, for `faults.js`.

const Instance = WebAssembly.Instance;
export const memories = [];
/** While `next` is set, whoever asks for the time next meets a trap, which ends the wasm instance. */
export const trap = { next: false };

const trapping = (call) => (...given) => {
  if (trap.next) {
    trap.next = false;
    throw new WebAssembly.RuntimeError("unreachable");
  }
  return call(...given);
};

const withTraps = (functions) =>
  Object.fromEntries(
    Object.entries(functions).map(([name, call]) => [name, name.startsWith("__wbg_now_") ? trapping(call) : call]),
  );

WebAssembly.Instance = class extends Instance {
  constructor(module, imports) {
    super(module, Object.fromEntries(Object.entries(imports).map(([name, some]) => [name, withTraps(some)])));
    memories.push(this.exports.memory);
  }
};
