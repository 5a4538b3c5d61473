// The log of the object's side of a call: one line if a command failed, was rejected because too many are
// waiting, or was slow. The line names the request, whose id precedes the command (`objects/request_id.rs`),
// so that one search finds both sides.
//
// A command that is answered at once costs two string checks and is not logged.

/** From this many milliseconds on a command is slow: it has waited for leases, a batch or the disk. */
const SLOW_MS = 2_000;
const ID = /^\{"request_id":"([0-9a-f-]{36})"/;
/** The answer of an overloaded object, in `objects/host/mod.rs`. */
const OVERLOADED = '"outcome":{"refused":"overloaded"}';

/** The longest answer, in bytes, that contains nothing else. */
const REFUSAL_MAX = 512;

/** Sends a command to an object with `ask`, and passes the answer on. */
export function traced(object, command, ask) {
  const began = Date.now();
  let answer;
  try {
    answer = ask();
  } catch (error) {
    report(object, command, "command_failed", { cause: String(error) });
    throw error;
  }
  // No answer means that the object has restarted in the meantime.
  return typeof answer === "string" ? looked(object, command, began, answer) : waited(object, command, began, answer);
}

async function waited(object, command, began, answer) {
  try {
    return looked(object, command, began, await answer);
  } catch (error) {
    report(object, command, "command_failed", { cause: String(error) });
    throw error;
  }
}

function looked(object, command, began, answer) {
  const waited_ms = Date.now() - began;
  const refused = answer !== null && answer.length <= REFUSAL_MAX && answer.includes(OVERLOADED);
  if (refused) report(object, command, "command_refused", { waited_ms });
  else if (waited_ms >= SLOW_MS) report(object, command, "command_slow", { waited_ms });
  return answer;
}

function report(object, command, event, more) {
  const level = event === "command_failed" ? "error" : "warn";
  console.log(JSON.stringify({ level, event, object, ...more, request_id: ID.exec(command)?.[1] ?? null }));
}
