// Fails when the house loses its shape: when a layer imports one above it, when files import each other in a
// circle, or when a word that was retired comes back in a name. `docs/architecture.md` has the plan.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** From the ground up: what stands on a line may import what stands on it and below. */
const LAYERS = [
  ["domain", "log_sampling"],
  ["auth", "calendar", "metrics"],
  ["mail"],
  ["objects"],
  ["cache", "config"],
  ["api"],
  ["platform"],
];

const RETIRED = new Set(
  ("parcel parcels circular circulars edition editions desk gathering door asking hub together repeats glue letter " +
    "letters notice notices news visit visits visiting lane lanes settling upkeep shell shells turn turns").split(" "),
);
/** Clients take turns at hashing, an incident may be a dead letter, serde's readers visit: the usual words there. */
const ALLOWED = [/^src\/auth\/hash_queue\.rs: turn$/i, /dead_?letter/i, /^src\/json\.rs: visit_/];

const files = execFileSync("git", ["ls-files", "src", "tests", "bench", "crates"], { encoding: "utf8" }).trim().split("\n");
const complaints = [];

const words = (name) => name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase());
const checkName = (where, name) => {
  const said = `${where}: ${name}`;
  if (words(name).some((word) => RETIRED.has(word)) && !ALLOWED.some((allowed) => allowed.test(said))) {
    complaints.push(`${said} has a retired word in its name`);
  }
};

for (const file of files) {
  if (!file.includes("/released/")) checkName(file, basename(file));
  if (!/^src\/.*\.(rs|js)$/.test(file)) continue;
  const names = /\b(?:fn|struct|enum|trait|type|mod|const|static|class|function|let(?: mut)?) +([A-Za-z_]\w*)/g;
  const tests = /#\[cfg\(test\)\]\n(?:pub(?:\([a-z]+\))? )?mod tests \{/;
  const [code] = withoutComments(readFileSync(file, "utf8")).split(tests);
  for (const [, name] of code.matchAll(names)) checkName(file, name);
}

function withoutComments(text) {
  return text.replace(/^\s*\/\/.*$/gm, "").replace(/^\s*\/?\*.*$/gm, "");
}

// Modules by path (`api::events`), each with what it imports and what it hands on.
const rust = files.filter((file) => /^src\/.*\.rs$/.test(file) && file !== "src/lib.rs");
const pathOf = (file) => file.replace(/^src\//, "").replace(/(\/mod)?\.rs$/, "").split("/");
const modules = new Map(rust.map((file) => [pathOf(file).join("::"), { file, uses: [], handsOn: new Map() }]));

/** Every path of a `use`, its braces opened. */
function opened(tree) {
  const brace = tree.indexOf("{");
  if (brace < 0) return [tree.trim().replace(/ as \w+$/, "")];
  const parts = [];
  let depth = 0;
  let from = brace + 1;
  for (let at = brace + 1; at < tree.length; at++) {
    if (tree[at] === "{") depth++;
    else if (tree[at] === "}" && depth > 0) depth--;
    else if ((tree[at] === "," && depth === 0) || tree[at] === "}") {
      parts.push(tree.slice(from, at));
      from = at + 1;
    }
  }
  return parts.filter((part) => part.trim()).flatMap((part) => opened(tree.slice(0, brace) + part.trim()));
}

for (const [name, module] of modules) {
  const [code] = readFileSync(module.file, "utf8").split("#[cfg(test)]");
  for (const [, handsOn, tree] of code.matchAll(/^(pub(?:\([^)]*\))? )?use ([^;]+);/gm)) {
    for (const path of opened(tree.replaceAll(/\s+/g, " "))) {
      const [first, ...rest] = path.split("::");
      const own = name.split("::");
      const starts = { crate: [], self: own, super: own.slice(0, -1) };
      const full = first in starts ? [...starts[first], ...rest] : modules.has([...own, first].join("::")) ? [...own, ...path.split("::")] : undefined;
      if (full === undefined) continue;
      while (full.includes("super")) full.splice(full.indexOf("super") - 1, 2);
      module.uses.push(full);
      if (handsOn) module.handsOn.set(full.at(-1), full);
    }
  }
}

/** The module that a path leads to, through those that only hand on what stands elsewhere. */
function target(path, seen = 0) {
  for (let length = path.length; length > 0; length--) {
    const module = modules.get(path.slice(0, length).join("::"));
    if (module === undefined) continue;
    const next = path[length];
    const elsewhere = next !== undefined && module.handsOn.get(next);
    return elsewhere && seen < 8 ? target(elsewhere, seen + 1) : module;
  }
  return undefined;
}

const imports = new Map();
for (const module of modules.values()) {
  const into = module.uses.map((path) => target(path)).filter((other) => other !== undefined && other !== module);
  imports.set(module, new Set(into));
}

const layer = ({ file }) => LAYERS.findIndex((names) => names.includes(pathOf(file)[0]));
for (const [module, others] of imports) {
  for (const other of others) {
    if (layer(other) > layer(module)) complaints.push(`${module.file} imports ${other.file}, which stands above it`);
  }
}

/** A walk that comes back to a module on its way has found a circle. */
const done = new Set();
function walk(module, way) {
  const at = way.indexOf(module);
  if (at >= 0) return void complaints.push(`a circle: ${[...way.slice(at), module].map(({ file }) => file).join(" → ")}`);
  if (done.has(module)) return;
  for (const other of imports.get(module)) walk(other, [...way, module]);
  done.add(module);
}
for (const module of modules.values()) walk(module, []);

for (const complaint of complaints.slice(0, 10)) console.error(complaint);
if (complaints.length > 0) process.exit(1);
