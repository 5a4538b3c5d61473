// The clock of `frozen-clock.js`.

const realNow = Date.now.bind(Date);
let now = realNow();

Date.now = () => now;

/** The function as something that comes in from outside: the clock moves on first. */
export const moved = (inner) =>
  function (...given) {
    now = realNow();
    return inner.apply(this, given);
  };

const { setTimeout, fetch } = globalThis;
globalThis.setTimeout = (work, ...rest) => setTimeout(moved(work), ...rest);
globalThis.fetch = (...given) =>
  fetch(...given).finally(() => {
    now = realNow();
  });
if (globalThis.scheduler?.wait) {
  const wait = scheduler.wait.bind(scheduler);
  scheduler.wait = (...given) =>
    wait(...given).finally(() => {
      now = realNow();
    });
}
