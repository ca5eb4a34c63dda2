// Build the page of the report: node build.mjs [DIRECTORY]. Without a directory, where the package has it.
//
// The first line of the script is the hash of everything it is made of, so that a test without Node can see whether it
// is current.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "../airflow_provider_clevertap/plugin/static");

function sourcesHash() {
  const sources = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(here, join(entry.parentPath, entry.name)));
  const hash = createHash("sha256");
  for (const name of [...sources, "build.mjs", "package-lock.json", "tsconfig.json"].sort()) {
    hash.update(name).update("\0").update(readFileSync(join(here, name))).update("\0");
  }
  return hash.digest("hex");
}

mkdirSync(target, { recursive: true });
copyFileSync(join(here, "src/report.html"), join(target, "report.html"));
await build({
  entryPoints: { report: join(here, "src/main.ts"), style: join(here, "src/report.css") },
  entryNames: "report",
  outdir: target,
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  banner: { js: `// Made from frontend/ by make frontend. Sources: ${sourcesHash()}` },
  logLevel: "warning",
});
