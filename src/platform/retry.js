// Retries calls to Durable Objects that were reset.
//
// Deployments, runtime updates and moves between machines reset objects several times a week. The call in
// flight then fails, and nobody knows whether its command was executed. Every command is safe to send again:
// either repeating it is harmless, or it carries an id that the object remembers.

/** The most attempts for a call. */
const TRIES = 3;
/** Milliseconds before the next attempt, spread so that a crowd does not return all at once. */
const PAUSE_MS = { least: 50, most: 200 };

/**
 * Makes a call until it is answered. `call(again)` must get a fresh stub each time, and is told whether an
 * earlier attempt may have been executed. The first attempt is outside the loop: nearly every call ends with
 * it, and an async function for each costs a twentieth of a registration.
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

/** The answer of an object whose wasm instance has ended in the meantime. */
export const RESTARTED = null;

/** An overloaded object is left alone: another attempt would add to its load. */
const wasReset = ({ retryable, overloaded, durableObjectReset }) =>
  !overloaded && Boolean(retryable || durableObjectReset);

/** A failure that may be gone at the next request. */
export const unavailable = (cause) => Object.assign(new Error(String(cause)), { overloaded: true });
