// Waiting for what happens on its own: a mail, a restart, an alarm.

/**
 * Calls `attempt` until it returns without throwing, and gives what it returned. After `within`
 * milliseconds the last failure is thrown.
 */
export async function eventually(attempt, { within = 10_000, every = 25 } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    try {
      return await attempt();
    } catch (failure) {
      if (Date.now() >= deadline) throw failure;
    }
    await pause(every);
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
