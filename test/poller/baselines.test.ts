/** The baseline of a running poller: what a reply says is recorded as it comes in, and accepted by a person alone, on the record. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { markOf } from "../../src/config/identity-mark.ts";
import type { KnownIdentity } from "../../src/domain/baseline.ts";
import type { ControlReply } from "../../src/domain/control.ts";
import type { Fact } from "../../src/domain/outcome.ts";
import type { DeviceId } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { BaselineKeeper } from "../../src/poller/baselines.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { RememberingJournal } from "../store/support/site.ts";

const plan = literalPlan([
  { name: "plc", address: "192.0.2.11" },
  { name: "pump", address: "192.0.2.12" },
]);
const check = [...plan.checks.values()].find(({ device }) => device === "plc")!;
const plain = { vendor: "Schneider", product: "TM221", revision: "1.11" };
const signed = { by: "eto-1\n", reason: "type plate" };

let facts: Fact[] = [];
let journal = new RememberingJournal();
beforeEach(() => {
  facts = [];
  journal = new RememberingJournal();
});

function keeper(identities: readonly KnownIdentity[] = []): BaselineKeeper {
  return new BaselineKeeper({ clock: new FakeClock(), journal, plan: () => plan, record: (fact) => facts.push(fact), identities });
}

/** Of what each says at this moment. */
function accept(baselines: BaselineKeeper, ...ids: string[]): Promise<ControlReply<"baseline-accept">> {
  const devices = ids.map((device) => ({ device, seen: markOf(baselines.baselines.of(device as DeviceId)) ?? "none" }));
  return baselines.handlers["baseline-accept"]({ ...signed, devices });
}

const changes = (): readonly string[] => facts.flatMap((fact) => (fact.kind === "identity" ? [`${fact.change} by ${fact.by}`] : []));

describe("a reply", () => {
  test("is recorded when it says something new, and not when it says the same again", async () => {
    const baselines = keeper();
    assert.equal(baselines.heard(check, plain), undefined);
    baselines.heard(check, plain);
    const accepted = await accept(baselines, "plc");
    assert.ok(accepted.ok);
    assert.deepEqual(accepted.result.accepted[0]?.accepted, [
      {
        said: { vendor: "Schneider", product: "TM221", firmware: "1.11" },
        by: "eto-1?",
        reason: "type plate",
        at: "2026-11-21T12:00:00.000Z",
      },
    ]);
    assert.equal(baselines.heard(check, { ...plain, revision: "1.12" }), undefined);
    assert.match(baselines.heard(check, { ...plain, vendor: "Somebody" }) ?? "", /^vendor: was "Schneider", is "Somebody"/u);
    assert.deepEqual(changes(), ["first_said by poller", "accepted by eto-1?", "changed by poller", "changed by poller"]);
  });

  test("of a run before is known, with what was accepted of it", async () => {
    const before = keeper();
    before.heard(check, plain);
    await accept(before, "plc");
    const after = keeper(before.baselines.of("plc" as DeviceId));
    assert.deepEqual(
      after.baselines.of("plc" as DeviceId).map(({ state }) => state),
      ["as_accepted"],
    );
  });
});

describe("an acceptance", () => {
  test("of a device that is none, or has said nothing, accepts nobody at all", async () => {
    const baselines = keeper();
    baselines.heard(check, plain);
    const reply = await accept(baselines, "plc", "pump", "nobody");
    assert.ok(!reply.ok);
    assert.deepEqual(
      reply.problems.map((problem) => problem.slice(0, 49)),
      ["pump: it has said nothing of itself yet, expected", "nobody: no such device in the watchlist"],
    );
    assert.deepEqual(changes(), ["first_said by poller"]);
  });

  test("is refused, of all devices, where one says something else than was seen; the reply says what it says now", async () => {
    const baselines = keeper();
    const other = [...plan.checks.values()].find(({ device }) => device === "pump")!;
    baselines.heard(check, plain);
    baselines.heard(other, plain);
    const seen = ["plc", "pump"].map((device) => ({ device, seen: markOf(baselines.baselines.of(device as DeviceId))! }));
    // Swapped between the look and the word.
    baselines.heard(check, { ...plain, revision: "1.12" });
    const reply = await baselines.handlers["baseline-accept"]({ ...signed, devices: seen });
    assert.match(
      reply.ok ? "" : reply.problems.join("\n"),
      /^plc: found the mark [0-9a-f-]{14}, expected [0-9a-f-]{14}: it does not say what was seen\. It says now, by modbus-fc43 at 192\.0\.2\.11 unit 1: vendor "Schneider", product "TM221", firmware "1\.12"\. Look at the device again; nothing was accepted$/u,
    );
    assert.ok(!changes().some((change) => change.startsWith("accepted")), changes().join());
    // It is the right one again: what was seen holds again.
    baselines.heard(check, plain);
    assert.ok((await baselines.handlers["baseline-accept"]({ ...signed, devices: seen })).ok);
  });

  test("is refused while it cannot be written into the audit", async () => {
    const baselines = keeper();
    baselines.heard(check, plain);
    Object.assign(journal, { unwritableSince: wallMs(5), problem: "disk full" });
    const reply = await accept(baselines, "plc");
    assert.match(reply.ok ? "" : reply.problems.join(), /^the audit cannot be written \(disk full\)/u);
    Object.assign(journal, { problem: undefined });
    const again = await accept(baselines, "plc");
    assert.match(again.ok ? "" : again.problems.join(), /\(unknown\)/u);
  });
});
