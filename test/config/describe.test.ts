/** The words an engineer signs, and the one line that says why a device is not asked. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describePlan, explainDevice, explainProblems, type Explanation } from "../../src/config/describe.ts";
import type { Problem } from "../../src/config/problem.ts";
import { usualSysctls } from "../../src/config/plan-json.ts";
import { wallMs } from "../../src/domain/units.ts";
import { methods } from "./compile/support/methods.ts";
import {
  approved,
  compiledFrom,
  device,
  documented,
  loaded,
  rawDevice,
  rawProfile,
  rawSite,
  rawUnit,
  today,
  type Raw,
  type RawSite,
} from "./compile/support/site.ts";

const wording = { methods, sysctls: usualSysctls };
const text = (site: RawSite, now = today): string => describePlan(compiledFrom(site, now), wording).join("\n");
const explain = (site: RawSite, id: string): Explanation => explainDevice(loaded(site), compiledFrom(site), device(id), wording);

describe("the plan in words", () => {
  const site = approved(rawSite([rawDevice(1), rawUnit(2), rawDevice(3, { function: "safety" })]));

  test("says how much is asked, and how much is not", () => {
    assert.match(text(site), /^mv-aurora: 2 devices asked by 2 checks, 1 check not asked\.\nPlan sha256:[0-9a-f]{64}\n/);
  });

  test("says of each check what is sent, how often, at worst, and when the alarm comes", () => {
    const lines = text(site);
    assert.match(lines, /plc-1 \(PLC 1\): control, category II, zone OT-1, segment hvac; profile test-plc, approved; sha256:[0-9a-f]{64}/);
    assert.match(lines, /plc-1\/modbus-fc43: modbus-fc43, unit 1/);
    assert.match(
      lines,
      /to 10\.20\.1\.11 tcp\/502 every 1 min, a connection for each check; connect within 800 ms, answer within 5 s; an answer proves comms-module/,
    );
    assert.match(lines, /frame \.\. \.\. 00 00 00 05 01 2b 0e 01 00 \(modbus-read-device-identification\)/);
    assert.match(
      lines,
      /packets: 6 to the device and 4 back; at worst 15 to it, \d+ if the poller freezes, \d+ if it is killed, and 3 ARP broadcasts/,
    );
    assert.match(
      lines,
      /alarm at the latest after 3 min 7 s \(3 misses\), unless a hold begins \(several devices silent together\): then the hold is the alarm; nothing is asked after 2028-05-21/,
    );
  });

  test("says what is not asked and why, and nothing of approval where that is not what is missing", () => {
    assert.match(
      text(site),
      /What is not asked, and why\n {2}plc-3\/modbus-fc43: safety_function \(safety, protection and navigation devices are never asked\): watchlist\.yaml/,
    );
    assert.doesNotMatch(text(site), /missing before approval/);
  });

  test("says what is missing before approval, with the digests that it takes", () => {
    const draft = text(rawSite([rawDevice(1), rawDevice(2, { statements: {} })]));
    assert.match(
      draft,
      /What is missing before approval\n {2}test-plc sha256:[0-9a-f]{64}\n {4}plc-1 sha256:[0-9a-f]{64}: nothing but the approval\n {4}plc-2 sha256:[0-9a-f]{64}: watchlist\.yaml:\d+: .*otherClients is not stated/,
    );
  });

  test("says of approvals until when, and when one has expired", () => {
    assert.match(text(site), /Approvals\n {2}test-plc: until 2028-02-21, with 90 d of grace\n/);
    assert.match(
      text(site, wallMs(Date.parse("2028-03-01"))),
      /test-plc: until 2028-02-21, with 90 d of grace: the approval of test-plc EXPIRED on 2028-02-21: renew it before 2028-05-21/,
    );
    const risk = { basis: { riskAcceptance: { by: "C", position: "chief", reason: "r", until: "2027-01-31" } } };
    assert.match(text(approved(rawSite(), risk)), /test-plc: until 2027-01-31, without grace/);
  });

  test("says how full the budgets are, and how long a bus rests", () => {
    assert.match(
      text(site),
      /Budgets\n {2}site: 0\.03 of 7 starts per second \(70 % of 10\)\n {2}segment hvac: 0\.03 of 1\.4 starts per second/,
    );
    assert.match(text(site), /gateway:fw-serial: at least 1 min between requests, 4\.5 s of rest after one that was not answered/);
  });

  test("says that it is a lab's, and that it cannot be put in force", () => {
    assert.match(text(rawSite([], { lab: true })), /LAB: low floors/);
    assert.match(
      text(rawSite([rawDevice(1, { segment: "x" })])),
      /1 problem: this plan cannot be put in force\.\nwatchlist\.yaml:\d+: devices\[0\]/,
    );
  });

  test("says of kept connections, pings and waiting what they are", () => {
    const connection = { ...(rawProfile()["connection"] as Raw), mode: "kept", idleTimeout: documented("5m") };
    const devices = [rawDevice(1), rawDevice(2, { checks: [{ method: "icmp-echo", interval: "120s" }] })];
    const lines = text(approved(rawSite(devices, { profiles: { "test-plc": rawProfile({ connection }) } })));
    assert.match(lines, /every 1 min, over a kept connection; .*\n.*\n.*packets: 2 to the device and 1 back; at worst 15/);
    assert.match(lines, /to 10\.20\.1\.12 icmp every 2 min; answer within 5 s/);
    assert.match(lines, /\(3 misses, with half an interval of waiting for a shared budget\)/);
  });
});

describe("an explanation", () => {
  test("of a device that is asked says what is sent", () => {
    const { known, asked, lines } = explain(approved(rawSite()), "plc-1");
    assert.deepEqual([known, asked], [true, true]);
    assert.match(lines.join("\n"), /^plc-1 \(PLC 1\): .*\n {2}plc-1\/modbus-fc43: modbus-fc43, unit 1\n/);
  });

  test("of a device that is asked by one check and not by another says both", () => {
    const checks = [
      { method: "modbus-fc43", unitId: 1 },
      { method: "modbus-fc17", unitId: 1 },
    ];
    const { asked, lines } = explain(approved(rawSite([rawDevice(1, { checks })])), "plc-1");
    assert.equal(asked, true);
    assert.match(lines.at(-1) ?? "", /^plc-1\/modbus-fc17: method_withdrawn/);
  });

  test("of a device that is not asked is one line", () => {
    const { known, asked, lines } = explain(rawSite(), "plc-1");
    assert.deepEqual([known, asked, lines.length], [true, false, 1]);
    assert.match(lines[0] ?? "", /^plc-1 is not asked: not_approved: device-profiles\/test-plc\.yaml does not exist/);
  });

  test("is one line for several checks too, with the other reasons at its end", () => {
    const checks = [{ method: "modbus-fc17", unitId: 1 }, { method: "modbus-fc43", unitId: 1 }, { method: "icmp-echo" }];
    const same = explain(rawSite([rawDevice(1, { checks })]), "plc-1");
    assert.equal(same.lines.length, 1);
    assert.doesNotMatch(same.lines[0] ?? "", /;/);
    const site = approved(rawSite([rawDevice(1, { checks, statements: { watchdog: { mode: "none", by: "e", on: "2026-11-20" } } })]), {
      stage: "suspended",
    });
    const different = explain(site, "plc-1");
    assert.match(different.lines.join("\n"), /^plc-1 is not asked: statement_missing: .*; plc-1\/icmp-echo: stage$/);
  });

  test("of a device without checks, or that there is not, says that", () => {
    assert.deepEqual(explain(rawSite([rawDevice(1, { checks: [] })]), "plc-1").lines, [
      "plc-1 is not asked: it has no checks in watchlist.yaml, it is only heard",
    ]);
    assert.deepEqual(explain(rawSite(), "plc-9"), { known: false, asked: false, lines: ["plc-9: not in watchlist.yaml"] });
  });

  test("of a device with a problem is that problem's line", () => {
    const site = rawSite([rawDevice(1), rawDevice(2, { segment: "x" })]);
    assert.match(explain(site, "plc-2").lines.join("\n"), /^plc-2 is not asked: watchlist\.yaml:\d+: devices\[1\]: found segment "x"/);
    assert.match(
      explain(site, "plc-1").lines.join("\n"),
      /^plc-1 is not asked: nothing of a configuration with problems is put in force; the problem is: watchlist\.yaml/,
    );
  });
});

describe("an explanation while the files cannot be loaded", () => {
  const text_ = [
    "devices:",
    "  - {id: plc-1, address: 10.20.1.0/24, profile: test-plc}",
    "  - {id: plc-2, via: fw-serial, profile: other}",
    "  - plc-3",
    "gateways: [{id: fw-9}, {id: fw-serial}]",
  ].join("\n");
  const problem = (path: string, file = "watchlist.yaml"): Problem => ({ file, line: 2, path, found: "x", expected: "y" });
  const line = (id: string, ...problems: Problem[]): string =>
    explainProblems(id, problems, { file: "watchlist.yaml", text: text_ }).lines.join("\n");

  test("is the problem of the device itself", () => {
    assert.equal(
      line("plc-1", problem("devices[1]"), problem("devices[0].address")),
      "plc-1 is not asked: watchlist.yaml:2: devices[0].address: found x, expected y",
    );
    assert.equal(
      line("plc-2", problem("devices[10]"), problem("devices[1]")),
      "plc-2 is not asked: watchlist.yaml:2: devices[1]: found x, expected y",
    );
  });

  test("or of its gateway", () => {
    assert.match(
      line("plc-2", problem("devices[0]"), problem("gateways[1].retries")),
      /^plc-2 is not asked: watchlist\.yaml:2: gateways\[1\]\.retries/,
    );
  });

  test("or of its profile", () => {
    assert.match(
      line("plc-2", problem("devices[0]"), problem("approval", "device-profiles/other.yaml")),
      /^plc-2 is not asked: device-profiles\/other\.yaml:2: approval/,
    );
  });

  test("or else the first of all", () => {
    assert.equal(
      line("plc-1", problem("segments[0]"), problem("devices[1]")),
      "plc-1 is not asked: nothing of a configuration with problems is put in force; the first of 2 is: watchlist.yaml:2: segments[0]: found x, expected y",
    );
    assert.match(line("plc-1"), /the configuration could not be read/);
  });

  test("says whether there is such a device, where that can be told", () => {
    const known = (id: string, content: string): boolean =>
      explainProblems(id, [problem("")], { file: "watchlist.yaml", text: content }).known;
    assert.equal(known("plc-1", text_), true);
    for (const content of [text_.replace("plc-1", "plc-7"), "a: [", "devices: 5", "", "- 1"]) assert.equal(known("plc-1", content), false);
  });
});
