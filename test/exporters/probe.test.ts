/** The multi-target form tells what is stored, under blackbox's names, and claims nothing of what nobody knows. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seconds } from "../../src/domain/units.ts";
import { nastyName } from "./support/small-site.ts";
import { serving } from "./support/web.ts";

const path = (target: string, module?: string): string =>
  `/probe?${new URLSearchParams({ target, ...(module !== undefined && { module }) }).toString()}`;

describe("/probe", () => {
  test("tells the last run of a check, and when it was", async () => {
    const { ask } = await serving();
    const { status, headers, body } = await ask("GET", path("plc", "modbus-fc43"));
    assert.deepEqual([status, headers["content-type"]], [200, "text/plain; version=0.0.4; charset=utf-8"]);
    const values = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    assert.deepEqual(values, [
      "probe_success 1",
      "probe_duration_seconds 0.012",
      "probe_timeout_seconds 5.8",
      "probe_last_run_timestamp_seconds 1795262400",
    ]);
    const open = await ask("GET", path("plc"), { accept: "application/openmetrics-text;version=1.0.0" });
    assert.match(open.body, /\nprobe_success 1\n[^]*# EOF\n$/u, "without a module: the first check");
  });

  test("is 0 for a run that failed, whatever the device's name", async () => {
    const { ask } = await serving();
    assert.match((await ask("GET", path(nastyName, "modbus-fc43"))).body, /\nprobe_success 0\n/u);
    assert.match((await ask("GET", path("plc", "modbus-fc43#2"))).body, /\nprobe_success 0\n/u, "degraded is no success");
  });

  test("shows unknown as neither: not asked yet, stopped, refused, or too long ago", async () => {
    const { ask, board, clock } = await serving();
    assert.doesNotMatch((await ask("GET", path("mixer", "modbus-fc43"))).body, /probe_success \d/u);
    const refused = await ask("GET", path("mixer", "icmp-echo"));
    assert.deepEqual([refused.status, refused.body], [200, ""]);
    await clock.advance(seconds(3600));
    assert.doesNotMatch((await ask("GET", path("plc", "modbus-fc43"))).body, /probe_success \d/u);
    board.stop(true);
    assert.doesNotMatch((await ask("GET", path(nastyName, "modbus-fc43"))).body, /probe_success \d/u);
  });

  test("says what is wrong with the question", async () => {
    const { ask } = await serving();
    for (const [asked, status, words] of [
      ["/probe", 400, /^Target parameter is missing/u],
      ["/probe?target=", 400, /^Target parameter is missing/u],
      ["/probe?target=plc&target=pump", 400, /^Target parameter is missing/u],
      [path("nobody", "modbus-fc43"), 404, /^Unknown target/u],
      [path("192.0.2.11"), 404, /^Unknown target/u],
      [path("plc", "icmp"), 400, /^Unknown module: .*: modbus-fc43, modbus-fc43#2\.\n$/u],
      [path("radar", "icmp"), 400, /^Unknown module: .*: modbus-fc43\.\n$/u],
    ] as const) {
      const reply = await ask("GET", asked);
      assert.equal(reply.status, status, asked);
      assert.match(reply.body, words);
    }
    assert.equal((await ask("POST", "/probe?target=plc")).status, 405);
  });

  test("with debug=true says in words what is stored, and that nothing was asked", async () => {
    const { ask } = await serving();
    const { headers, body } = await ask("GET", `${path("mixer", "icmp-echo")}&debug=true`);
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    assert.match(body, /^Stored state of icmp-echo of mixer; this probe asked nothing\.\nThe device is unknown/u);
    assert.match(body, /\nNot asked: dry_run\./u);
    assert.match((await ask("GET", `${path("plc")}&debug=true`)).body, /last asked: 2026-11-21T[^]*\nprobe_success 1\n/u);
  });
});

describe("/sd", () => {
  test("lists every check that is asked, with what Prometheus may relabel, and no address", async () => {
    const { ask } = await serving();
    const { status, headers, body } = await ask("GET", "/sd");
    assert.deepEqual([status, headers["content-type"]], [200, "application/json"]);
    const groups = JSON.parse(body) as readonly {
      readonly targets: readonly string[];
      readonly labels: Readonly<Record<string, string>>;
    }[];
    assert.deepEqual(
      groups.map(({ targets, labels }) => [...targets, labels["__meta_watchkeeper_check"]]),
      [
        ["plc", "modbus-fc43"],
        ["plc", "modbus-fc43#2"],
        [nastyName, "modbus-fc43"],
        ["pump", "modbus-fc43"],
        ["mixer", "modbus-fc43"],
      ],
    );
    assert.deepEqual(groups[3]?.labels, {
      __meta_watchkeeper_zone: "OT-1",
      __meta_watchkeeper_segment: "bridge",
      __meta_watchkeeper_category: "III",
      __meta_watchkeeper_profile: "wago-750",
      __meta_watchkeeper_function: "control",
      __meta_watchkeeper_check: "modbus-fc43",
    });
    assert.doesNotMatch(body, /192\.0\.2/u);
  });

  test("is an empty list where nothing is asked", async () => {
    const { ask, board } = await serving();
    // The server reads its own board; a site of which everything was taken out.
    board.adopt({ ...board.plan, devices: new Map(), checks: new Map(), refused: new Map() });
    const served = await serving({ board });
    assert.equal((await served.ask("GET", "/sd")).body, "[]\n");
    assert.equal((await ask("POST", "/sd")).status, 405);
  });
});
