// Server and client each on a core of their own, so that neither's load bends the other's figures.
// Where the system cannot pin (no taskset, a single core) both run where they like.

import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

const CORES = { server: "0", client: "1", all: "0,1" };

export const canPin =
  availableParallelism() >= 2 && spawnSync("taskset", ["--version"]).status === 0;

/** The command line that runs `command` on the core of `role`, or on `all`. */
export function pinned(role, command) {
  return canPin ? ["taskset", "-c", CORES[role], ...command] : command;
}

/** Moves this process, all its threads included. */
export function pinThisProcess(role) {
  if (canPin) spawnSync("taskset", ["-a", "-c", "-p", CORES[role], String(process.pid)]);
}

/** Moves another process, all its threads included. */
export function pinPid(role, pid) {
  spawnSync("taskset", ["-a", "-c", "-p", CORES[role], String(pid)]);
}
