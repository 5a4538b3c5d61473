// Asks `faults.js`, which stands around the Worker, for one of its faults.

const TIMEOUT_MS = 60_000;

/** What the fault has to say for itself; `within` is in milliseconds. */
export async function fault(server, what, query = {}, within = TIMEOUT_MS) {
  const path = `/faults/${what}?${new URLSearchParams(query)}`;
  const answer = await fetch(server.url + path, { signal: AbortSignal.timeout(within) });
  if (answer.status !== 200) throw new Error(`${path} is answered with ${answer.status}`);
  return answer.json();
}
