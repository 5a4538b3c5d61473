// The Worker with objects that say when they are asked.

import worker, * as classes from "./index.js";

const counting = (name) =>
  class extends classes[name] {
    ask(...command) {
      console.log(`${name} was asked`);
      return super.ask(...command);
    }

    askAll(...commands) {
      console.log(`${name} was called for many`);
      return super.askAll(...commands);
    }
  };

export const Account = counting("Account");
export const Event = counting("Event");
export const Catalog = counting("Catalog");
export const MailPacer = counting("MailPacer");
export default worker;
