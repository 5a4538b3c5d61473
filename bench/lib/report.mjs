// The figures as a Markdown table, on the terminal and in docs/performance.md.

import { readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { canPin } from "./cores.mjs";
import { RESTLESS } from "./rounds.mjs";

const PAGE = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));
const BEGIN = "<!-- bench: written by `make bench` -->";
const END = "<!-- bench: end -->";

const figure = (digits) => (value) =>
  value === undefined || Number.isNaN(value)
    ? ""
    : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

const COLUMNS = [
  ["scenario", ({ scenario }) => scenario],
  ["server", ({ name }) => name],
  ["requests/s", ({ throughput }) => figure(throughput < 100 ? 1 : 0)(throughput)],
  ["p50 ms", ({ p50 }) => figure(1)(p50)],
  ["p99 ms", ({ p99 }) => figure(1)(p99)],
  ["CPU µs/request", ({ cpuMicros }) => figure(0)(cpuMicros)],
  ["asking %", ({ asked }) => figure(1)(asked * 100)],
  ["growth MB", ({ grownBytes }) => figure(1)(grownBytes / 1e6)],
  ["our requests ×", ({ ours, throughput }) => figure(2)(ours?.throughput / throughput)],
  ["our p99 ×", ({ ours, p99 }) => figure(2)(ours?.p99 / p99)],
  ["our CPU ×", ({ ours, cpuMicros }) => figure(2)(ours?.cpuMicros / cpuMicros)],
];
const NAMES = 2;

/** In each scenario others are compared with the platform: its figure is so many times theirs. */
function compared(rows) {
  return rows.map((row) => {
    if (row.name === "platform") return row;
    return { ...row, ours: rows.find(({ scenario, name }) => scenario === row.scenario && name === "platform") };
  });
}

export function table(rows) {
  const titles = COLUMNS.map(([title]) => title);
  const lines = [titles, ...compared(rows).map((row) => COLUMNS.map(([, show]) => show(row)))];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const [head, ...body] = lines.map((line) => `| ${line.map(aligned(widths)).join(" | ")} |`);
  const rule = widths.map((width, column) => "-".repeat(width + 1) + (column < NAMES ? "-" : ":"));
  return [head, `|${rule.join("|")}|`, ...body].join("\n");
}

/** Names to the left, figures to the right. */
const aligned = (widths) => (text, column) =>
  column < NAMES ? text.padEnd(widths[column]) : text.padStart(widths[column]);

/** What a reader must know to compare the figures with others. */
export function conditions({ rounds, seconds }) {
  const { version } = createRequire(import.meta.url)("workerd/package.json");
  const cores = canPin ? "server and client on a core each" : "unpinned";
  return (
    `Medians of ${rounds} rounds in turns, and of ${RESTLESS * rounds} for reads (${seconds} s each), cold starts and ` +
    `syncs of 3 ms; workerd ${version}, ` +
    `${platform()} ${arch()} with ${cpus().length} cores (${cpus()[0].model.trim()}), ${cores}.`
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
