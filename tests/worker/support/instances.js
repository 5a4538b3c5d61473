// Keeps hold of the memory of each wasm instance that is made after this module, for `faults.js`.

const Instance = WebAssembly.Instance;
export const memories = [];

WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    memories.push(this.exports.memory);
  }
};
