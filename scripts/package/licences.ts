/** Says under which licence each shipped package is: a table for people, and one file with every licence's text for the package. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { licenceFiles, projectRoot, shippedPackages, type Architecture, type Shipped } from "./shipped.ts";

/** For packages that name a licence and bring no text of it. Standard texts without a copyright line: theirs is in their source. */
const standardTexts: ReadonlyMap<string, string> = new Map([
  [
    "MIT",
    `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`,
  ],
]);

/** Name, version, licence, and where its text is: one line each, for `npm run licenses`. */
export function licenceTable(packages: readonly Shipped[]): string {
  const rows = packages.map((one) => {
    const files = licenceFiles(one);
    return [
      one.name,
      one.version,
      one.licence,
      files.length === 0 ? "named, no text of its own" : files.map((file) => basename(file)).join(", "),
    ];
  });
  const head = ["package", "version", "licence", "text"];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Every text once, above it the packages that are under it. @throws Error for a licence of which neither package nor this file has a text. */
export function licenceTexts(packages: readonly Shipped[]): string {
  const byText = Map.groupBy(
    packages.flatMap((one) => textsOf(one).map((text) => ({ one, text }))),
    ({ text }) => text,
  );
  const rule = "=".repeat(80);
  return [
    `Watchkeeper itself is under Apache-2.0. With it come ${packages.length} packages by others, and Node.js, each under its own licence:`,
    ...[...byText].map(
      ([text, users]) => `${rule}\n${users.map(({ one }) => `${one.name} ${one.version} (${one.licence})`).join("\n")}\n${rule}\n\n${text}`,
    ),
  ].join("\n\n");
}

function textsOf(one: Shipped): readonly string[] {
  const files = licenceFiles(one);
  if (files.length > 0) return files.map((file) => readFileSync(file, "utf8").trim());
  const text = standardTexts.get(one.licence);
  if (text === undefined) throw new Error(`package: ${one.name} ${one.version} has no text of its licence ${one.licence}`);
  return [text.trim()];
}

/** Where the same table goes by architecture, they differ by the runtime alone. */
export function installedArchitecture(): Architecture {
  return process.arch === "arm64" ? "arm64" : "x64";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packages = shippedPackages(installedArchitecture());
  if (process.argv.includes("--texts")) process.stdout.write(`${licenceTexts(packages)}\n`);
  else
    process.stdout.write(
      `${licenceTable(packages)}\n\n${packages.length} packages, as ${projectRoot}/package-lock.json pins them; --texts prints every text.\n`,
    );
}
