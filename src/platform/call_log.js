// What an object's side of a call has to say for itself: a line where a command failed, was turned
// away because too much waits, or took long. The line names the request that it was for, whose id
// stands in front of the command (`objects/request_id.rs`), so that one search finds both sides.
//
// A command that is answered at once costs two looks at a string; nothing is logged of those.

/** Milliseconds from which on a command is slow: it has waited for leases, a batch or the disk. */
const SLOW_MS = 2_000;
const ID = /^\{"request_id":"([0-9a-f-]{36})"/;
/** How an object that has too much to do answers, in `objects/host/mod.rs`. */
const OVERLOADED = '"outcome":{"refused":"overloaded"}';

/** Bytes of an answer that says no more than that. */
const REFUSAL_MAX = 512;

/** Has `ask` give a command to an object, and passes its answer on. */
export function traced(object, command, ask) {
  const began = Date.now();
  let answer;
  try {
    answer = ask();
  } catch (error) {
    report(object, command, "command_failed", { cause: String(error) });
    throw error;
  }
  // Nothing at all is the word of an object that has restarted meanwhile.
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
