/** `fence`: the ruleset for nft, the installed one against the plan, static neighbours, and what it needs to know for that. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fence } from "../../../src/cli/commands/fence.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import { kernelFence } from "../../../src/cli/nft.ts";
import type { FencePorts } from "../../../src/cli/ports.ts";
import { parseFenceRecord } from "../../../src/domain/fence-state.ts";
import { TestSite, type Ran } from "../support/site.ts";

let site: TestSite;
let installed: Awaited<ReturnType<FencePorts["installed"]>>;
const ports: FencePorts = {
  interfaceHolding: (address) => (address === "192.0.2.5" ? "eth1" : undefined),
  installed: (file) => (file === undefined ? Promise.resolve(installed) : kernelFence.installed(file)),
};
const run = (...argv: string[]): Promise<Ran> => site.run(fence, argv, { fence: ports });

beforeEach(async () => {
  site = new TestSite();
  site.watch(1);
  await site.approve();
  installed = undefined;
});
afterEach(() => site.remove());

/** A listing with the label of a ruleset that was printed, and nothing else in it. */
const labelled = (label: string): string =>
  JSON.stringify({
    nftables: [
      { chain: { table: "watchkeeper", name: "output", type: "filter", hook: "output", prio: 0, policy: "accept" } },
      { rule: { table: "watchkeeper", chain: "output", comment: label } },
    ],
  });

describe("fence print", () => {
  test("prints a table for the poller's user, on the interface that holds the segment's address", async () => {
    const { code, out, err } = await run("print");
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^table inet watchkeeper\ndelete table inet watchkeeper\ntable inet watchkeeper \{\n/u);
    assert.match(out, /"eth1" \. 192\.0\.2\.11 \. tcp \. 502 : goto ask_1,/u);
    assert.match(out, /meta skuid "watchkeeper" goto fenced/u);
  });

  test("takes the user, the whole host, and interfaces of another machine", async () => {
    assert.match((await run("print", "--user", "ot-poller")).out, /meta skuid "ot-poller" goto fenced/u);
    assert.match(
      (await run("print", "--host", "--interfaces", "hvac=enp3s0")).out,
      /"enp3s0" \. 192\.0\.2\.11 [\s\S]*comment "everybody"/u,
    );
  });

  test("--json has the digests of fence and plan beside it", async () => {
    const json = JSON.parse((await run("print", "--json")).out) as { digest: string; plan: string; ruleset: string };
    assert.match(json.digest, /^sha256:[0-9a-f]{64}$/u);
    assert.ok(json.ruleset.includes(`comment "watchkeeper fence user=watchkeeper ${json.digest}"`));
    assert.match(json.plan, /^sha256:[0-9a-f]{64}$/u);
  });

  test("says which interface it lacks", async () => {
    const { code, err } = await site.run(fence, ["print"]);
    assert.equal(code, 1);
    assert.match(
      err,
      /segment hvac: found no interface with its localAddress 192\.0\.2\.5 on this machine; give .* --interfaces hvac=NAME/u,
    );
  });

  test("says every mistake of the files instead", async () => {
    site.write("watchlist.yaml", "schema: watchlist/v2\n");
    assert.match((await run("print")).err, /watchlist\.yaml:1: schema: found/u);
  });

  const wrong: readonly [argv: string[], RegExp][] = [
    [["fetch"], /found "fetch", expected one of print, check, neighbours/u],
    [["print", "--host", "--user", "a"], /found both --user and --host, expected one of them/u],
    [["check", "--host"], /check takes neither --user nor --host: the installed table says/u],
    [["print", "--user", "a b"], /--user: found "a b", expected the name or number of a user/u],
    [["print", "--user", "u".repeat(32)], /at most 31 characters/u],
    [["print", "--format", "iptables"], /--format: found "iptables", expected one of nft, systemd/u],
    [["print", "--format", "systemd", "--host"], /--format systemd takes none of --user, --host and --interfaces/u],
    [["neighbours", "--format", "systemd"], /neighbours takes no --format/u],
    [["print", "--also", "10.9.0.4"], /--also: found without `print --format systemd`/u],
    [["check", "--format", "systemd", "--also", "10.9.0.4"], /--also: found without `print --format systemd`/u],
    [["print", "--format", "systemd", "--also", "any"], /--also: found "any", expected addresses or subnets/u],
    [["print", "--format", "systemd", "--also", "10.9.0.0/33"], /--also: found "10\.9\.0\.0\/33"/u],
    [["print", "--interfaces", "hvac"], /--interfaces: found "hvac", expected SEGMENT=INTERFACE/u],
    [["print", "--interfaces", 'hvac=a"b'], /expected SEGMENT=INTERFACE/u],
    [["print", "--interfaces", "bridge=eth0"], /--interfaces: found segment "bridge", expected one of hvac/u],
  ];
  for (const [argv, expected] of wrong) {
    test(`refuses ${argv.join(" ").slice(0, 40)}`, async () => {
      const { code, err } = await run(...argv);
      assert.equal(code, 2);
      assert.match(err, expected);
    });
  }
});

describe("fence check", () => {
  test("says absent where no table is loaded", async () => {
    const { code, out } = await run("check");
    assert.deepEqual([code, out.split("\n")[0]], [1, "The fence is absent."]);
  });

  test("says stale for a table that is not ours, or that has come off the plan, and what is different", async () => {
    installed = labelled("something else");
    assert.match((await run("check")).out, /^The fence is stale\.\n {2}the table inet watchkeeper has no label of a fence/u);
    installed = labelled(`watchkeeper fence user=ot sha256:${"0".repeat(64)}`);
    const { code, out } = await run("check");
    assert.equal(code, 1);
    assert.match(
      out,
      /^The fence is stale\.\n {2}found the label "watchkeeper fence user=ot sha256:0+", expected "watchkeeper fence user=ot sha256:/u,
    );
    assert.match(out, /and \d+ more; --json has all of them$/u);
    const json = JSON.parse((await run("check", "--json")).out) as { fence: string; problems: readonly string[] };
    assert.equal(json.fence, "stale");
    assert.ok(json.problems.length > 10);
  });

  test("leaves the result for the poller's metrics where it is asked to", async () => {
    assert.equal((await run("check", "--record")).code, 1);
    const record = parseFenceRecord(site.read("state/fence.json"));
    assert.equal(record?.state, "absent");
    const { digest } = JSON.parse((await site.run(plan, ["--json"])).out) as { digest: string };
    assert.equal(record?.plan, digest);
    assert.match((await run("print", "--record")).err, /--record: found without `check` of nft's table, expected with it/u);
  });

  test("takes root's listing from a file", async () => {
    site.write("listing.json", labelled("something else"));
    assert.match((await run("check", "--installed", "listing.json")).out, /^The fence is stale\./u);
    assert.match(
      (await run("check", "--installed", "nowhere.json")).err,
      /^FOLDER\/nowhere\.json: ENOENT.*; write it as root with: nft -j list table inet watchkeeper$/u,
    );
  });

  test("says what nft said where it could not list", async () => {
    installed = { problems: ["/usr/sbin/nft: Operation not permitted"] };
    assert.deepEqual(await run("check"), { code: 1, out: "", err: "/usr/sbin/nft: Operation not permitted" });
    installed = "Error";
    assert.match((await run("check")).err, /^nft: expected the JSON of `nft -j list table`/u);
  });
});

test("fence neighbours names the MAC addresses that the watchlist has", async () => {
  assert.match((await run("neighbours")).out, /^# 192\.0\.2\.11: no device with this address has a MAC address under macs$/u);
  site.write("watchlist.yaml", site.read("watchlist.yaml").replace("name: PLC 1,", 'name: PLC 1, macs: ["00:80:f4:00:00:01"],'));
  const command = "ip neigh replace 192.0.2.11 lladdr 00:80:f4:00:00:01 dev eth1 nud permanent";
  assert.equal((await run("neighbours")).out, command);
  assert.deepEqual(JSON.parse((await run("neighbours", "--json")).out), { neighbours: [command] });
});

describe("fence --format systemd", () => {
  test("prints a drop-in with the plan's addresses, wherever it is printed, and says whether the installed one is it", async () => {
    const { code, out, err } = await site.run(fence, ["print", "--format", "systemd", "--also", "10.9.0.4,2001:DB8::/64"]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(
      out,
      /^\[Service\]\nIPAddressDeny=any\nIPAddressAllow=localhost\nIPAddressAllow=192\.0\.2\.11\nIPAddressAllow=10\.9\.0\.4\n/mu,
    );
    assert.match(out, /^IPAddressAllow=2001:db8::\/64$/mu);
    site.write("plan.conf", `${out}\n`);
    const check = ["check", "--format", "systemd", "--installed", "plan.conf"];
    assert.deepEqual(await run(...check), { code: 0, out: "The fence is present.", err: "" });
    site.write("plan.conf", out.replace("192.0.2.11", "192.0.2.0/24"));
    const stale = await run(...check);
    assert.equal(stale.code, 1);
    assert.match(stale.out, /^The fence is stale\.\n {2}found IPAddressAllow=192\.0\.2\.0\/24, which the plan does not want\n/u);
  });

  test("--json has the plan's digest beside it", async () => {
    const json = JSON.parse((await run("print", "--format", "systemd", "--json")).out) as { plan: string; dropIn: string };
    assert.match(json.plan, /^sha256:[0-9a-f]{64}$/u);
    assert.match(json.dropIn, /^IPAddressDeny=any$/mu);
  });

  test("says absent where no drop-in lies, and what keeps it from reading one", async () => {
    const { code, out } = await run("check", "--format", "systemd", "--installed", "nowhere.conf");
    assert.equal(code, 1);
    assert.match(
      out,
      /^The fence is absent\.\n.*nowhere\.conf: no such file; write what `watchkeeper fence print --format systemd` prints there/u,
    );
    assert.match(
      (await run("check", "--format", "systemd", "--installed", ".")).err,
      /EISDIR.*it is no secret, let the poller's user read it/u,
    );
  });
});
