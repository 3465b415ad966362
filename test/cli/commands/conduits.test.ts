/** `conduits`: every flow in three forms, and a capture judged by the plan. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { conduits } from "../../../src/cli/commands/conduits.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import { exchange, instant, pcapFile, tcp, type Bytes } from "../../verify/support/captured.ts";
import { fc43Frame } from "../../verify/support/plans.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(async () => {
  site = new TestSite();
  site.watch(1);
  await site.approve();
});
afterEach(() => site.remove());

interface Flow {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

async function flow(): Promise<Flow> {
  const { out } = await site.run(conduits, ["--json"]);
  return (JSON.parse(out) as { conduits: readonly Flow[] }).conduits[0]!;
}

describe("the flows", () => {
  test("--json names every member", async () => {
    const { code, out } = await site.run(conduits, ["--format", "json"]);
    const json = JSON.parse(out) as { schema: string; conduits: readonly Record<string, unknown>[] };
    assert.equal(code, 0);
    assert.equal(json.schema, "conduits/v1");
    const [first] = json.conduits;
    assert.deepEqual(Object.keys(first!), [
      "direction",
      "source",
      "destination",
      "transport",
      "port",
      "protocol",
      "zone",
      "segment",
      "devices",
      "purpose",
      "intervalMs",
    ]);
    assert.deepEqual([first!["direction"], first!["transport"], first!["port"], first!["protocol"]], ["out", "tcp", 502, "modbus"]);
    assert.match(String(first!["purpose"]), /^heartbeat, read only: FC 43\/14/);
  });

  test("a table and CSV hold one line each, with a head", async () => {
    const table = (await site.run(conduits)).out.trim().split("\n");
    const csv = (await site.run(conduits, ["--format", "csv"])).out.trim().split("\r\n");
    assert.match(table[0]!, /^direction +source +destination/);
    assert.equal(table.length, 3);
    assert.match(table[2]!, /^site mv-aurora, plan sha256:[0-9a-f]{64}$/);
    assert.equal(
      csv[0],
      '"direction";"source";"destination";"transport";"port";"protocol";"zone";"segment";"devices";"purpose";"interval"',
    );
    assert.match(csv[1]!, /;"heartbeat, read only: /);
  });

  test("while nothing is asked there is none, in words", async () => {
    const unapproved = new TestSite();
    try {
      unapproved.watch(1);
      const { out } = await unapproved.run(conduits);
      assert.match(out, /^No flow: nothing is asked\. What waits for approval opens none/);
    } finally {
      await unapproved.remove();
    }
  });

  test("zones that one poller may join stand below, with the name and the change", async () => {
    const list = site.read("watchlist.yaml");
    const aft = "  - {id: aft, zone: OT-2, subnet: 198.51.100.0/24, localAddress: 198.51.100.5}\ndevices:";
    site.write("watchlist.yaml", list.replace("devices:", aft));
    assert.match((await site.run(conduits)).err, /segments\[1\]\.zone: found "OT-2" beside "OT-1" \(line 3\)/);
    const crossing =
      "zoneCrossings: [{zones: [OT-2, OT-1], approvedBy: chief engineer, reason: one cabinet, changeReference: MOC-2026-014}]\n";
    site.write("watchlist.yaml", list.replace("devices:", aft) + crossing);
    const { code, out } = await site.run(conduits);
    assert.equal(code, 0);
    assert.match(out, /\njoins zones OT-2, OT-1: approved by chief engineer, MOC-2026-014: one cabinet\nsite mv-aurora, /);
    const json = JSON.parse((await site.run(conduits, ["--json"])).out) as { zoneCrossings: readonly { zones: unknown }[] };
    assert.deepEqual(json.zoneCrossings[0]?.zones, ["OT-2", "OT-1"]);
  });

  test("an unknown form, and --plan without --verify, are wrong usage", async () => {
    assert.equal((await site.run(conduits, ["--format", "xml"])).code, 2);
    assert.equal((await site.run(conduits, ["--plan", "plan.json"])).code, 2);
  });
});

describe("--verify", () => {
  const capture = (name: string, frames: readonly Bytes[]): string => {
    const file = path.join(site.folder, name);
    writeFileSync(file, pcapFile(frames));
    return file;
  };

  test("a lawful capture: exit code 0, and it says so", async () => {
    const { source, destination: to } = await flow();
    const file = capture("good.pcap", [...exchange(0, fc43Frame, { from: source, to })]);
    const { code, out } = await site.run(conduits, ["--verify", file]);
    assert.match(out, /^Nothing left the poller that the plan does not allow\.$/m);
    assert.equal(code, 0);
  });

  test("a packet to somebody else: exit code 1, with packet, time and address", async () => {
    const { source } = await flow();
    const file = capture("bad.pcap", [tcp({ atMs: 0, from: source, to: "10.99.0.1", flags: "S" })]);
    const { code, out } = await site.run(conduits, ["--verify", file]);
    assert.match(out, /does not list \(packet 1, \d{4}-.*Z\): tcp to 10\.99\.0\.1:502, which the plan does not list/);
    assert.equal(code, 1);
  });

  test("a capture without a packet of the poller proves nothing: exit code 1", async () => {
    const { code, out } = await site.run(conduits, ["--verify", capture("empty.pcap", [])]);
    assert.match(out, /^No packet of the poller is in this capture: nothing is proved\./m);
    assert.equal(code, 1);
  });

  test("with a saved plan, and as JSON", async () => {
    const { source, destination: to } = await flow();
    site.write("plan.json", (await site.run(plan, ["--json"])).out);
    const file = capture("good.pcap", [...exchange(0, fc43Frame, { from: source, to })]);
    const { code, out } = await site.run(conduits, ["--verify", file, "--plan", path.join(site.folder, "plan.json"), "--json"]);
    assert.equal(code, 0);
    assert.deepEqual((JSON.parse(out) as { violations: unknown }).violations, []);
  });

  test("the state folder says when there were stops and pauses; a packet in one is named with it", async () => {
    const { source, destination: to } = await flow();
    const file = capture("good.pcap", [...exchange(0, fc43Frame, { from: source, to })]);
    const lawful = await site.run(conduits, ["--verify", file]);
    assert.match(lawful.out, /^No stop and no pause is known of in its time\.$/m);
    const around = { from: Number(instant(-5000) / 1_000_000n), until: Number(instant(5000) / 1_000_000n) };
    const pause = {
      id: "w7",
      kind: "pause",
      scope: "device:plc-1",
      devices: ["plc-1"],
      places: [to],
      ...around,
      by: "eto-1",
      reason: "service",
    };
    const windows = JSON.stringify({ schema: "windows/v1", next: 8, windows: [], past: [pause] });
    site.state.quietTimes = { windows, runs: [] };
    const { code, out } = await site.run(conduits, ["--verify", file]);
    assert.equal(code, 1);
    assert.match(out, /^Nothing was to leave in:\n {2}pause w7 of device:plc-1 from .*, by eto-1: service$/m);
    assert.match(out, /a packet during a stop or a pause \(packet 1, .*\): 5000\.000 ms after the beginning of: pause w7 of device:plc-1/);
    const { devices: _devices, places: _places, ...dropped } = { ...pause, namesDropped: true };
    site.state.quietTimes = { windows: JSON.stringify({ schema: "windows/v1", next: 8, windows: [], past: [dropped] }), runs: [] };
    const unproved = await site.run(conduits, ["--verify", file]);
    assert.equal(unproved.code, 1);
    assert.match(unproved.out, /^Cannot be judged: .*\n {2}pause w7 of device:plc-1/m);
    site.state.quietTimes = { windows, runs: [] };
    // A plan of elsewhere is judged by itself, unless the folder that belongs to it is named.
    site.write("plan.json", (await site.run(plan, ["--json"])).out);
    const elsewhere = ["--verify", file, "--plan", "plan.json"];
    assert.equal((await site.run(conduits, elsewhere)).code, 0);
    assert.equal((await site.run(conduits, [...elsewhere, "--state", "state"])).code, 1);
    // What another site was told to leave alone says nothing of this one.
    site.state.born = { site: "mv-borealis", lab: false };
    const foreign = await site.run(conduits, [...elsewhere, "--state", "state"]);
    assert.deepEqual([foreign.code, foreign.out], [1, ""]);
    assert.match(
      foreign.err,
      /state: found the state folder of site mv-borealis, expected that of site mv-aurora, which the plan is of \(plan\.json\): .* --state$/,
    );
    site.state.born = { site: "mv-aurora", lab: false };
    site.write("other.json", site.read("plan.json").replace('"site": "mv-aurora"', '"site": "mv-borealis"'));
    assert.match(
      (await site.run(conduits, ["--verify", file, "--plan", "plan.json,other.json"])).err,
      /^--plan: found plan\.json of site mv-aurora and other\.json of site mv-borealis, expected plans of one site$/,
    );
    site.state.quietTimes = {
      windows: undefined,
      runs: [{ type: "stopped", timestamp: new Date(around.from).toISOString(), source: "eto-2" }],
    };
    assert.match((await site.run(conduits, ["--verify", file])).out, /after the beginning of: stop by eto-2/);
    const standing = { by: "eto-3", since: new Date(around.from).toISOString() };
    site.state.quietTimes = { windows: undefined, runs: [], standing };
    assert.match((await site.run(conduits, ["--verify", file])).out, /after the beginning of: stop by eto-3 since .*, which stands/);
    for (const [kept, message] of [
      [{ problems: ["journal.sqlite: cannot be read"] }, /^journal\.sqlite: cannot be read$/],
      [{ windows: "{", runs: [] }, /windows\.json is no JSON/],
      [{ windows: "[]", runs: [] }, /schema undefined: expected "windows\/v1"/],
    ] as const) {
      site.state.quietTimes = kept;
      const unread = await site.run(conduits, ["--verify", file]);
      assert.equal(unread.code, 1);
      assert.match(unread.err, message);
    }
    assert.match((await site.run(conduits, ["--state", "state"])).err, /--state goes with --verify/);
  });

  test("a missing file, no capture, no plan and no quiet times end with one line that says which", async () => {
    site.write("text.txt", "not a capture, but some text of more than 24 bytes");
    const good = capture("good.pcap", []);
    const text = path.join(site.folder, "text.txt");
    for (const [argv, message] of [
      [["--verify", "absent.pcap"], /absent\.pcap: ENOENT/],
      [["--verify", text], /not a capture: it begins with/],
      [["--verify", good, "--plan", text], /text\.txt is no JSON/],
      [["--verify", good, "--quiet", text], /text\.txt is no JSON/],
    ] as const) {
      const { code, err } = await site.run(conduits, [...argv]);
      assert.equal(code, 1);
      assert.match(err, message);
    }
  });
});
