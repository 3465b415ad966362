/** `approve --worksheet`: a table goes out, is filled in, and comes back. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { approve } from "../../src/cli/commands/approve.ts";
import { plan } from "../../src/cli/commands/plan.ts";
import { family, TestSite } from "./support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(2);
});
afterEach(() => site.remove());

const sheet = ["--worksheet", "export", "signing.csv"] as const;
const back = ["--worksheet", "import", "signing.csv"] as const;

/** As a person fills it in, in a spreadsheet that writes commas. */
function fillIn(): void {
  const lines = site.read("signing.csv").replace("\uFEFF", "").trim().split("\r\n");
  const cells = lines.map((line) => line.slice(1, -1).split('";"'));
  const [head = [], ...rows] = cells;
  const at = (name: string): number => head.indexOf(name);
  for (const row of rows) {
    row[at("decision")] = "approve";
    if (row[at("record")] !== "family") continue;
    const signature = {
      prepared_by: "eto-1",
      accepted_by: "chief engineer",
      basis: "risk",
      basis_text: "tried",
      until: "2027-12-31",
      change: "MOC-1",
    };
    for (const [name, value] of Object.entries(signature)) row[at(name)] = value;
  }
  site.write("signing.csv", `\uFEFF${cells.map((row) => row.map((cell) => `"${cell}"`).join(",")).join("\n")}\n`);
}

test("everything that was filled in is approved, with a record of each family", async () => {
  assert.match((await site.run(approve, sheet)).out, /^Written: FOLDER\/signing\.csv, 2 devices\. Fill in decision/);
  fillIn();
  const ran = await site.run(approve, back);
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.out, /^Approved: generic-modbus-tcp, 2 devices\n.*The plan now asks 2 checks and does not ask 0/);
  assert.match(site.state.audit.at(-1)?.detail ?? "", /by worksheet, stage approved for plc-1, plc-2, covers sha256:.*change MOC-1$/);
  const again = await site.run(approve, back);
  assert.match(again.out, /^As the sheet says already: generic-modbus-tcp$/m);
  assert.match((await site.run(plan)).out, /2 checks asked/);
});

test("nothing is approved where something is missing, and the list says how much", async () => {
  await site.run(approve, sheet);
  const ran = await site.run(approve, back);
  assert.equal(ran.code, 1);
  assert.match(ran.err, /decision: found nothing, expected approve or leave for plc-1[^]*Nothing is approved: 2 things to mend/);
  assert.equal(existsSync(path.join(site.folder, `device-profiles/${family}.yaml`)), false);
});

test("on a terminal it is shown first, and only a yes goes on", async () => {
  await site.run(approve, sheet);
  fillIn();
  const no = await site.run(approve, back, { prompt: () => Promise.resolve("no") });
  assert.match(no.err, /generic-modbus-tcp: 2 devices, prepared by eto-1[^]*Nothing is changed: it was not agreed to/);
  const yes = await site.run(approve, back, { prompt: () => Promise.resolve("yes") });
  assert.equal(yes.code, 0, yes.err);
});

test("without its audit record nothing is changed", async () => {
  await site.run(approve, sheet);
  fillIn();
  site.state.problem = "the disk is full";
  const ran = await site.run(approve, back);
  assert.match(ran.err, /the disk is full[^]*Nothing is changed/);
  assert.equal(existsSync(path.join(site.folder, `device-profiles/${family}.yaml`)), false);
});

test("a file that cannot be had, and a word that is neither, are told", async () => {
  assert.match((await site.run(approve, back)).err, /signing\.csv: cannot be read \(ENOENT/);
  assert.equal((await site.run(approve, ["--worksheet", "print", "x"])).code, 2);
  assert.match((await site.run(approve, ["--worksheet", "export", "no/such/folder.csv"])).err, /cannot be written/);
  const json = await site.run(approve, [...sheet, "--json"]);
  assert.deepEqual(JSON.parse(json.out), { file: "FOLDER/signing.csv", devices: 2 });
});
