/** Which Watchkeeper this is, read from its own package or checkout. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** Behind the version and the commit of a package that was made from a checkout with changes. */
export const modifiedMark = "+modified";

export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return (manifest as { readonly version: string }).version;
}

/**
 * The commit it was made from: of a package its file REVISION, which ends with `+modified` where the checkout was not as committed; of a
 * checkout what git has checked out; empty where neither is there.
 */
export function packageRevision(folder: string = root): string {
  const written = contents(join(folder, "REVISION"));
  const commit = hash(written);
  if (commit !== "") return written.slice(commit.length).trim() === modifiedMark ? `${commit}${modifiedMark}` : commit;
  // A work tree of its own has a file that names its folder.
  const git = /^gitdir: (.+)$/mu.exec(contents(join(folder, ".git")))?.[1] ?? join(folder, ".git");
  const head = contents(join(git, "HEAD")).trim();
  const name = /^ref: (refs\/[\w./-]+)$/u.exec(head)?.[1];
  if (name === undefined) return hash(head);
  const common = resolve(git, contents(join(git, "commondir")).trim());
  const packed = contents(join(common, "packed-refs"))
    .split("\n")
    .find((line) => line.endsWith(` ${name}`));
  return hash(contents(join(common, name))) || hash(packed ?? "");
}

function hash(text: string): string {
  return /^[0-9a-f]{40}(?:[0-9a-f]{24})?(?=[\s+]|$)/u.exec(text)?.[0] ?? "";
}

/** Empty where there is no such file. */
function contents(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return "";
    throw error;
  }
}
