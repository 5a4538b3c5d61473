// The figures as a Markdown table, on the terminal and in docs/performance.md.

import { readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { canPin } from "./cores.mjs";

const PAGE = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));
const BEGIN = "<!-- bench: written by `make bench` -->";
const END = "<!-- bench: end -->";

const COLUMNS = [
  ["scenario", ({ name }) => name],
  ["requests/s", ({ throughput }) => Math.round(throughput).toLocaleString("en")],
  ["p50 ms", ({ p50 }) => p50.toFixed(1)],
  ["p99 ms", ({ p99 }) => p99.toFixed(1)],
  ["CPU µs/request", ({ cpuMicros }) => (Number.isNaN(cpuMicros) ? "–" : cpuMicros.toFixed(0))],
  ["of empty", ({ ratio }) => (ratio === undefined ? "" : `${Math.round(ratio * 100)} %`)],
];

export function table(rows) {
  const titles = COLUMNS.map(([title]) => title);
  const lines = [titles, ...rows.map((row) => COLUMNS.map(([, show]) => show(row)))];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const [head, ...body] = lines.map((line) => `| ${line.map(aligned(widths)).join(" | ")} |`);
  const rule = widths.map((width, column) => "-".repeat(width + 1) + (column === 0 ? "-" : ":"));
  return [head, `|${rule.join("|")}|`, ...body].join("\n");
}

/** Names to the left, figures to the right. */
const aligned = (widths) => (text, column) =>
  column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]);

/** What a reader must know to compare the figures with others. */
export function conditions({ rounds, seconds }) {
  const { version } = createRequire(import.meta.url)("workerd/package.json");
  const cores = canPin ? "server and client on a core each" : "unpinned";
  return (
    `Medians of ${rounds} rounds (reads: ${seconds} s each, in turns), workerd ${version}, ` +
    `${platform()} ${arch()} with ${cpus().length} cores, ${cores}.`
  );
}

/** Replaces what stands between the markers. */
export function writePage(text) {
  const page = readFileSync(PAGE, "utf8");
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`${PAGE} has no place for the figures: add the lines\n${BEGIN}\n${END}`);
  }
  writeFileSync(PAGE, `${page.slice(0, begin + BEGIN.length)}\n${text}\n${page.slice(end)}`);
}
