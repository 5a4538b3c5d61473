// build-site.mjs: puts into `public/` what is served beside the Worker: the example front end, the
// reference with its viewer, and the OpenAPI document. Nothing in it comes from another server.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const site = join(root, "public");
const viewer = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

rmSync(site, { recursive: true, force: true });
mkdirSync(join(site, "docs"), { recursive: true });

await build({
  entryPoints: [join(root, "examples/web/src/main.tsx"), join(root, "examples/web/src/style.css")],
  outdir: site,
  entryNames: "[name]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
});

for (const file of ["swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"]) {
  cpSync(join(viewer, file), join(site, "docs", file));
}

cpSync(join(root, "examples/web/static"), site, { recursive: true });

const document = JSON.parse(readFileSync(join(root, "openapi.json"), "utf8"));
writeFileSync(join(site, "openapi.json"), JSON.stringify(document));
