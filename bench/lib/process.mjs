// A server in a process of its own, and what it has cost.

import { readFileSync } from "node:fs";

const CLOCK_TICK_MICROS = 10_000;

/** What can be asked of a server's process. It ends with this one, if it was not stopped before. */
export function measured(child) {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  return {
    cpuMicros: () => cpuMicros(child.pid),
    residentBytes: () => residentBytes(child.pid),
    async stop(signal = "SIGTERM") {
      process.removeListener("exit", endWithUs);
      child.kill(signal);
      await exited;
    },
  };
}

/** Memory of a process in RAM; undefined where there is no /proc. */
function residentBytes(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024;
  } catch {
    return undefined;
  }
}

/** User and system time of a process so far; undefined where there is no /proc. */
function cpuMicros(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the program's name in brackets, may hold spaces: count from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MICROS;
  } catch {
    return undefined;
  }
}
