// The Worker with a clock as it is at the edge: `Date.now()` stands still while JavaScript runs, and moves on only
// when something comes in from outside, be it a request, a call, an answer or a timer. Imported first, before
// whatever looks at the time.

import { moved } from "./clock.js";
import worker, * as classes from "./index.js";

const edge = (name) =>
  class extends classes[name] {
    ask(...given) {
      return moved(super.ask).apply(this, given);
    }

    askAll(...given) {
      return moved(super.askAll).apply(this, given);
    }

    hold() {
      return moved(super.hold).apply(this);
    }

    alarm() {
      return moved(super.alarm).apply(this);
    }
  };

export const Account = edge("Account");
export const Event = edge("Event");
export const Catalog = edge("Catalog");
export const MailPacer = edge("MailPacer");
export default { fetch: moved(worker.fetch) };
