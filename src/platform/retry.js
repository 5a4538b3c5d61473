// Calls to Durable Objects that are made again when the object was reset.
//
// Deployments, updates of the runtime and moves between machines reset objects several times a week. The
// call that was on its way fails, and nobody knows whether its command was executed. Every command is safe
// to send again: it is harmless to repeat, or it carries an id that the object remembers.

/** A call is made so often at most. */
const TRIES = 3;
/** Milliseconds before the next try, spread so that a crowd does not come back at one moment. */
const PAUSE_MS = { least: 50, most: 200 };

/**
 * Makes a call until it is answered. `call(again)` has to take a fresh stub each time, and is told whether an
 * earlier try may have been executed. The first try has no loop around it: nearly every call ends with it, and
 * an async function for each costs a twentieth of a registration.
 */
export function retrying(call) {
  return call(false).then(
    (answer) => (answer === RESTARTED ? callAgain(call, RESTART) : answer),
    (error) => callAgain(call, error),
  );
}

async function callAgain(call, error) {
  let cause = error;
  for (let tries = 1; tries < TRIES; tries++) {
    if (cause !== RESTART && !wasReset(cause)) throw cause;
    const pause = PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least);
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      const answer = await call(true);
      if (answer !== RESTARTED) return answer;
      cause = RESTART;
    } catch (failure) {
      cause = failure;
    }
  }
  throw cause === RESTART || wasReset(cause) ? unavailable(cause) : cause;
}

const RESTART = new Error("the object was restarted");

/** What an object answers whose wasm instance has ended in between. */
export const RESTARTED = null;

/** An object that has too much to do is left alone: another try would add to it. */
const wasReset = ({ retryable, overloaded, durableObjectReset }) =>
  !overloaded && Boolean(retryable || durableObjectReset);

/** A failure that the next request may not meet any more. */
export const unavailable = (cause) => Object.assign(new Error(String(cause)), { overloaded: true });
