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
 * earlier try may have been executed.
 */
export async function retrying(call) {
  for (let tries = 1; ; tries++) {
    try {
      const answer = await call(tries > 1);
      if (answer !== RESTARTED) return answer;
      if (tries === TRIES) throw unavailable("the object was restarted");
    } catch (error) {
      if (!wasReset(error)) throw error;
      if (tries === TRIES) throw unavailable(error);
    }
    const pause = PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** What an object answers whose wasm instance has ended in between. */
export const RESTARTED = null;

/** An object that has too much to do is left alone: another try would add to it. */
const wasReset = ({ retryable, overloaded, durableObjectReset }) =>
  !overloaded && Boolean(retryable || durableObjectReset);

/** A failure that the next request may not meet any more. */
export const unavailable = (cause) => Object.assign(new Error(String(cause)), { overloaded: true });
