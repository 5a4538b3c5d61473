// The Worker on a runtime that knows jurisdictions, as the platform's documents describe them: in the
// part of a namespace that stays within one, each name means another object. workerd has none. It also
// says which objects are asked for, with the hint at where to make them.

import worker, * as classes from "./index.js";

class DurableObjectNamespace {
  #namespace;
  #within;

  constructor(namespace, within = "") {
    this.#namespace = namespace;
    this.#within = within;
  }

  jurisdiction(name) {
    if (this.#within !== "") throw new Error("it is within a jurisdiction already");
    return new DurableObjectNamespace(this.#namespace, `${name}/`);
  }

  getByName(name, options) {
    const whole = this.#within + name;
    console.log(`asked for ${whole} near ${options?.locationHint ?? "anybody"}`);
    return this.#namespace.getByName(whole, options);
  }
}

const BINDINGS = ["ACCOUNTS", "EVENTS", "CATALOG", "MAIL_PACER"];

const doubled = (env) => ({
  ...env,
  ...Object.fromEntries(BINDINGS.map((name) => [name, new DurableObjectNamespace(env[name])])),
});

const placed = (name) =>
  class extends classes[name] {
    constructor(ctx, env) {
      super(ctx, doubled(env));
    }
  };

export const Account = placed("Account");
export const Event = placed("Event");
export const Catalog = placed("Catalog");
export const MailPacer = placed("MailPacer");
export default { fetch: (request, env, context) => worker.fetch(request, doubled(env), context) };
