/** Proves that docs/first-site.md alone leads from an inventory to the first heartbeat: every block of it is typed into one shell, in its order, as it stands there. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/source-tree.ts";
import { makeNetwork } from "./support/netns.ts";

interface Block {
  readonly kind: string;
  readonly name: string;
  readonly text: string;
}

const blocks: readonly Block[] = [
  ...readFileSync(path.join(projectRoot, "docs/first-site.md"), "utf8").matchAll(/```(\w+) ?(\w*)\n([\s\S]*?)```/gu),
].map(([, kind, name, text]) => ({ kind: kind!, name: name!, text: text! }));

/** For a computer that does other things too; by itself it takes about 15 s. */
const heartbeatWithinSeconds = 120;

test("who types what stands in docs/first-site.md sees a heartbeat", async () => {
  await using network = await makeNetwork({ hosts: [{ name: "desk", address: "192.0.2.1" }] });
  // A checkout of its own, as far as the page can tell: what it writes beside itself goes with the network.
  const checkout = path.join(network.folder, "watchkeeper");
  mkdirSync(checkout);
  for (const name of ["bin", "src", "device-profiles", "simulators", "node_modules", "package.json"])
    await network.run("desk", ["ln", "-s", path.join(projectRoot, name), path.join(checkout, name)]);
  const script = path.join(network.folder, "walk.sh");
  writeFileSync(script, ["set -em", ...blocks.map(typed), ""].join("\n"));
  const shell = network.exec("desk", ["bash", script], { cwd: checkout });
  let said = "";
  for (const stream of [shell.stdout, shell.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()));
  const code = await new Promise((resolve) => shell.once("exit", resolve));
  assert.equal(code, 0, said);
  assert.match(said, /fresh-water-plant is asked: 1 check, next due: .*; up, communication module answers/u, said);
  assert.match(said, /burner-management +safety/u, said);
});

/** A person edits the file and copies the digest; the rest is the page's own text. */
function typed({ kind, name, text }: Block): string {
  const written = (file: string, how: ">" | ">>"): string => `cat ${how} ${file} <<'EOF'\n${text}EOF`;
  switch (name) {
    case "segment":
      return written("watchlist.yaml", ">>");
    case "inventory":
      return written("inventory.csv", ">");
    case "statements":
      return `${written("../statements", ">")}\nsed -i '/^  - id: fresh-water-plant$/,/^    checks:/{/^    checks:/{r ../statements\nd}}' watchlist.yaml`;
    case "heartbeat":
      return [
        `end=$((SECONDS + ${heartbeatWithinSeconds}))`,
        'until watchkeeper explain fresh-water-plant | grep -q "is asked.* up,"; do',
        "  [ $SECONDS -lt $end ] || { watchkeeper status; cat poller.log; exit 1; }",
        "  read -r -t 0.3 <> <(:) || true",
        "done",
        text,
      ].join("\n");
    default:
      assert.equal(kind, "sh");
      return text.replace(/sha256:…/u, '"$(watchkeeper plan | sed -n "/^schneider-m221/{n;s/^  covers //p}")"');
  }
}
