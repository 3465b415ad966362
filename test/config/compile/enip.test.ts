/** EtherNet/IP checks of a watchlist, with the shipped profiles and the real frames: what is planned, over which transport, and what an approval covers. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { approve, type ApprovalRequest } from "../../../src/config/approve.ts";
import { compile, type Compiled } from "../../../src/config/compile/compile.ts";
import { checkWorstCase, usualSysctls } from "../../../src/config/compile/worst-case.ts";
import { conduitsOf } from "../../../src/config/conduits.ts";
import { loadSite } from "../../../src/config/load.ts";
import type { LoadedSite } from "../../../src/config/loaded-site.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import type { CheckId, DeviceId, ProfileId } from "../../../src/domain/plan.ts";
import { destinationsOf } from "../../../src/fence/destinations.ts";
import { methods } from "../../../src/drivers/registry.ts";
import { siteFolder } from "../site-folder.ts";
import { refusals, today } from "./support/site.ts";

interface Wish {
  readonly profile?: string;
  readonly check?: string;
  readonly otherClients?: string;
}

const generic = "generic-ethernet-ip" as ProfileId;

function watchlist({ profile = generic, check = "{method: enip-list-identity}", otherClients = "[]" }: Wish): string {
  return `schema: watchlist/v1
segments: [{id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5}]
devices:
  - id: adapter
    address: 10.20.1.11
    segment: hvac
    function: monitoring
    category: I
    profile: ${profile}
    statements: {otherClients: ${otherClients}, watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}}
    checks: [${check}]
`;
}

const agreed = `schema: site-profile/v1
id: ${generic}
approval: {stage: draft}
agreed: [{method: enip-identity-object, by: eto-1, on: 2026-11-20, reason: "UDP does not reach it"}]
`;

interface Planned {
  readonly site: LoadedSite;
  readonly compiled: Compiled;
}

function planned(settings: string): Planned {
  const loaded = loadSite(settings, { lab: false });
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.map(formatProblem).join("\n"));
  return { site: loaded.site, compiled: compile(loaded.site, { methods, wallNow: today, lab: false }) };
}

function settingsOf(t: TestContext, wish: Wish, siteFile?: string): string {
  const files = new Map([["watchlist.yaml", watchlist(wish)]]);
  if (siteFile !== undefined) files.set(`device-profiles/${generic}.yaml`, siteFile);
  return siteFolder(t, files).settings;
}

function approved(settings: string, profile: ProfileId = generic): Compiled {
  const { site, compiled } = planned(settings);
  assert.deepEqual(compiled.problems, []);
  const request: ApprovalRequest = {
    profile,
    devices: ["adapter" as DeviceId],
    covers: compiled.covers.get(profile) ?? "",
    preparedBy: "eto-1",
    acceptedBy: "chief engineer",
    basis: { kind: "risk", text: "tried at the shipyard" },
    until: "2028-02-21",
    changeReference: "MOC-1",
  };
  const edit = approve(site, compiled, request, today);
  assert.ok(edit.ok, edit.ok ? "" : edit.problems.join("\n"));
  mkdirSync(path.dirname(edit.location), { recursive: true });
  writeFileSync(edit.location, edit.text);
  return planned(settings).compiled;
}

function checkOf({ plan }: Compiled, method: string) {
  return plan.checks.get(`adapter/${method}` as CheckId) ?? assert.fail([...plan.refused.values()].map(({ detail }) => detail).join("\n"));
}

describe("List Identity", () => {
  test("goes over UDP to port 44818, takes no connection and waits for none", (t) => {
    const check = checkOf(approved(settingsOf(t, {})), "enip-list-identity");
    assert.deepEqual(check.target, { address: "10.20.1.11", port: 44_818, transport: "udp", localAddress: "10.20.1.5" });
    assert.deepEqual([check.opening.connectionsMax, check.connectWithin, check.answerWithin], [0, 0, 5000]);
    const { fresh, kept, packetsMax, packetsMaxKilled, kernel } = checkWorstCase(usualSysctls, check);
    assert.deepEqual([fresh, kept, packetsMax, packetsMaxKilled, kernel], [{ fromPoller: 1, fromDevice: 1 }, null, 1, 1, null]);
  });

  test("goes over TCP where the watchlist says so, and then takes a connection", (t) => {
    const check = checkOf(approved(settingsOf(t, { check: "{method: enip-list-identity, transport: tcp}" })), "enip-list-identity");
    assert.deepEqual([check.target.transport, check.opening.connectionsMax, check.connectWithin], ["tcp", 1, 800]);
  });

  test("over UDP needs no free connection, over TCP it does", (t) => {
    const full = { otherClients: "[SCADA-1, HMI-2]" };
    assert.equal(approved(settingsOf(t, full)).plan.checks.size, 1);
    const overTcp = planned(settingsOf(t, { ...full, check: "{method: enip-list-identity, transport: tcp}" })).compiled;
    const found = overTcp.findings.get("adapter/enip-list-identity" as CheckId) ?? [];
    assert.ok(found.some(({ reason }) => reason === "no_connection_slot"));
  });

  test("of a ControlLogix expects its maker", (t) => {
    const compiled = approved(settingsOf(t, { profile: "rockwell-controllogix" }), "rockwell-controllogix" as ProfileId);
    assert.deepEqual(checkOf(compiled, "enip-list-identity").expectedIdentity, { vendors: ["Rockwell Automation"], products: [] });
  });
});

describe("the Identity object", () => {
  test("is asked only where the site agreed to it", (t) => {
    const check = "{method: enip-identity-object}";
    assert.match(
      (planned(settingsOf(t, { check })).compiled.findings.get("adapter/enip-identity-object" as CheckId) ?? [])
        .map(({ reason }) => reason)
        .join(" "),
      /method_withdrawn/u,
    );
    const allowed = checkOf(approved(settingsOf(t, { check }, agreed)), "enip-identity-object");
    assert.deepEqual([allowed.opening.requestsMax, allowed.asking.requestsMax, allowed.closing.requestsMax], [1, 1, 1]);
    assert.equal(allowed.connection, "fresh");
  });

  test("is asked of a ControlLogix only where the site agreed to it too, and of a CompactLogix never", (t) => {
    const reasonsOf = (profile: string): readonly string[] => {
      const { compiled } = planned(settingsOf(t, { profile, check: "{method: enip-identity-object}" }));
      return (compiled.findings.get("adapter/enip-identity-object" as CheckId) ?? []).map(({ detail }) => detail);
    };
    assert.ok(reasonsOf("rockwell-controllogix").some((detail) => detail.includes("needs agreeing")));
    assert.ok(reasonsOf("rockwell-compactlogix").some((detail) => detail.includes("forbids enip-identity-object")));
  });
});

describe("the slots of a ControlLogix rack, beside a heartbeat over UDP", () => {
  const logix = "rockwell-controllogix" as ProfileId;
  const method = "agreed: [{method: enip-identity-object, by: eto-1, on: 2026-11-20, reason: survey}]";
  const reads = (slots: string): string =>
    `deepQuery: [{read: enip-identity, by: eto-1, on: 2026-11-20, reason: survey}, {read: enip-slots, by: eto-1, on: 2026-11-20, reason: survey${slots}}]`;
  const settings = (t: TestContext, siteFile: string, wish: Wish = {}): string =>
    siteFolder(
      t,
      new Map([
        ["watchlist.yaml", watchlist({ profile: logix, ...wish })],
        [`device-profiles/${logix}.yaml`, `schema: site-profile/v1\nid: ${logix}\napproval: {stage: draft}\n${siteFile}\n`],
      ]),
    ).settings;

  test("are asked one by one, each over a connection of its own, between two heartbeats; a module may be anybody's", (t) => {
    const { plan } = approved(settings(t, `${method}\n${reads(", slots: [0, 1, 2], noSafetyIn: [adapter]")}`), logix);
    assert.deepEqual(
      [...plan.deep.keys()],
      ["adapter/deep-enip-identity", "adapter/deep-enip-slots-0", "adapter/deep-enip-slots-1", "adapter/deep-enip-slots-2"],
    );
    for (const [index, check] of [...plan.deep.values()].entries()) {
      assert.deepEqual(check.target, { address: "10.20.1.11", port: 44_818, transport: "tcp", localAddress: "10.20.1.5" });
      assert.deepEqual([check.connection, check.connectWithin, check.floor?.gap], ["fresh", 800, 30_000]);
      assert.deepEqual([check.opening.connectionsMax, check.asking.requestsMax], [1, 1]);
      const [frame] = check.asking.templates;
      if (index > 0) assert.equal(frame?.bytes.at(-1), index - 1);
      assert.deepEqual(check.expectedIdentity, index > 0 ? undefined : { vendors: ["Rockwell Automation"], products: [] });
    }
    assert.equal(plan.checks.get("adapter/enip-list-identity" as CheckId)?.floor?.gap, 30_000);
  });

  test("are a flow of their own for a firewall's owner, and a place of their own in the fence", (t) => {
    const { plan } = approved(settings(t, `${method}\n${reads(", slots: [0, 1], noSafetyIn: [adapter]")}`), logix);
    const [beat, deep, ...others] = conduitsOf(plan, methods, []);
    assert.deepEqual(
      [beat?.transport, beat?.intervalMs, deep?.transport, deep?.intervalMs, others.length],
      ["udp", 60_000, "tcp", 30_000, 0],
    );
    assert.match(beat?.purpose ?? "", /^heartbeat, read only: List Identity/u);
    assert.match(deep?.purpose ?? "", /^deep query alone, by hand and in its window, read only: .*backplane\), slot 0, .* slot 1,/u);
    assert.deepEqual(
      destinationsOf(plan).map(({ transport, frames }) => [transport, frames?.length]),
      [
        ["udp", 1],
        // A session's beginning and end, the device itself, two slots.
        ["tcp", 5],
      ],
    );
  });

  test("are asked by nobody where the method is not agreed to, or where the rack has no connection to spare", (t) => {
    const refusedFor = (compiled: Compiled): readonly string[] => [
      ...new Set([...compiled.plan.deepRefused.values()].map(({ reason }) => reason)),
    ];
    assert.deepEqual(refusedFor(approved(settings(t, reads(", slots: [0, 1], noSafetyIn: [adapter]")), logix)), ["method_withdrawn"]);
    const full = settings(t, `${method}\n${reads(", slots: [0, 1], noSafetyIn: [adapter]")}`, { otherClients: "[SCADA-1, HMI-2]" });
    const { plan } = approved(full, logix);
    assert.deepEqual(refusedFor({ plan } as Compiled), ["no_connection_slot"]);
    assert.deepEqual([plan.checks.size, plan.deep.size], [1, 0]);
  });

  test("are not named without their number", (t) => {
    const loaded = loadSite(settings(t, `${method}\n${reads("")}`), { lab: false });
    assert.ok(!loaded.ok);
    assert.match(
      loaded.problems.map(formatProblem).join("\n"),
      /deepQuery\[1\]\.slots: found nothing, expected a list of the slots that may be asked/u,
    );
  });
});

test("an approval covers each way of a request by name", (t) => {
  const { compiled } = planned(settingsOf(t, {}));
  const requests = compiled.envelopes.get(generic)?.methods["enip-list-identity"]?.requests ?? {};
  assert.deepEqual(Object.keys(requests), ["", "over tcp"]);
  assert.deepEqual([requests[""]?.opening.connectionsMax, requests["over tcp"]?.opening.connectionsMax], [0, 1]);
});

test("a device that was admitted over UDP is not admitted over TCP", (t) => {
  const settings = settingsOf(t, {});
  approved(settings);
  writeFileSync(path.join(path.dirname(settings), "watchlist.yaml"), watchlist({ check: "{method: enip-list-identity, transport: tcp}" }));
  assert.deepEqual(refusals(planned(settings).compiled), ["adapter/enip-list-identity not_admitted"]);
});

describe("a transport that a method does not know is a problem", () => {
  const cases: readonly [check: string, profile: string, problem: RegExp][] = [
    [
      "{method: enip-identity-object, transport: udp}",
      generic,
      /transport: found udp, expected tcp: enip-identity-object goes over nothing else/u,
    ],
    ["{method: modbus-fc43, unitId: 1, transport: udp}", "generic-modbus-tcp", /transport: found udp, expected tcp: modbus-fc43/u],
  ];
  for (const [check, profile, problem] of cases) {
    test(check, (t) => {
      const { compiled } = planned(settingsOf(t, { check, profile }));
      assert.match(compiled.problems.map(formatProblem).join("\n"), problem);
      assert.equal(compiled.plan.checks.size, 0);
    });
  }

  test("{method: enip-list-identity, transport: icmp}", (t) => {
    const loaded = loadSite(settingsOf(t, { check: "{method: enip-list-identity, transport: icmp}" }), { lab: false });
    assert.ok(!loaded.ok);
    assert.match(loaded.problems.map(formatProblem).join("\n"), /one of udp, tcp/u);
  });
});
