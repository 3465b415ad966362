/** What is shipped, as CycloneDX: npm's own list of what the lockfile pins, under the name, the version and the commit of what is built. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { builtFrom, sbomOf, type BuiltFrom } from "./built-from.ts";
import { projectRoot } from "./shipped.ts";

/** npm's own program; `npm run` names it. */
export function npm(): readonly string[] {
  const program = process.env["npm_execpath"];
  if (program === undefined) throw new Error("package: start it with `npm run package` or `npm run sbom`");
  return [process.execPath, program];
}

/** Of every platform's packages, as the lockfile pins them. */
export function sbom(from: BuiltFrom): string {
  const [program = "", ...first] = npm();
  const words = ["sbom", "--package-lock-only", "--omit=dev", "--sbom-format=cyclonedx", "--sbom-type=application"];
  return sbomOf(execFileSync(program, [...first, ...words], { cwd: projectRoot, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }), from);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(sbom(builtFrom()));
