// Runs after every `npm ci`: puts the Node that npm has just brought into node_modules/.bin, where
// npx and make find it before the machine's own, which may be too old for wrangler. npm cannot be
// left to do it: of the four packages (one for each platform) it keeps one, and npm 10 removes the
// link together with the other three.

import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";

const root = new URL("../", import.meta.url);
const { optionalDependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

const packages = Object.keys(optionalDependencies);
const fitting = packages.find((name) => existsSync(new URL(`node_modules/${name}/bin/node`, root)));

if (fitting) {
  const link = new URL("node_modules/.bin/node", root);
  rmSync(link, { force: true });
  symlinkSync(`../${fitting}/bin/node`, link);
} else {
  console.warn(
    `None of ${packages.join(", ")} fits this machine: install Node 22 or later for wrangler.`,
  );
}
