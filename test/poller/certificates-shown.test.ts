/** What a running poller says of a server's certificates: one asking through the gate, never early, by the check that was approved for it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ControlReply } from "../../src/domain/control.ts";
import type { Gate } from "../../src/domain/gate.ts";
import type { Answer, Outcome } from "../../src/domain/outcome.ts";
import type { Check, CheckId, DeviceId, StandingRefusal } from "../../src/domain/plan.ts";
import { after, milliseconds } from "../../src/domain/units.ts";
import { certificatesShown } from "../../src/poller/certificates-shown.ts";
import { MemoryBoard } from "../../src/store/board.ts";
import { answered, check, failed, plan, refused } from "../store/support/site.ts";
import { FakeClock } from "../support/fake-clock.ts";

const asking: Check = check("hmi-2", { id: "hmi-2/opcua-get-endpoints" as CheckId, method: "opcua-get-endpoints", protocol: "opcua" });
const certificates = [{ der: "MIIB", offered: ["None"] }];
const showing: Answer = { said: "alive", certificates };

interface World {
  readonly reply: ControlReply<"certificates">;
  readonly exchanges: readonly (readonly [string, string])[];
}

async function shown(
  outcome: (clock: FakeClock) => Outcome | undefined,
  { checks = [asking], refusals = [], before }: { checks?: Check[]; refusals?: StandingRefusal[]; before?: Answer } = {},
  device = "hmi-2",
): Promise<World> {
  const clock = new FakeClock();
  const board = new MemoryBoard(clock, plan({ "hmi-2": { checks, refused: refusals } }), { stopped: false, trips: [], proven: new Map() });
  if (before) board.outcome(answered(asking, clock.monotonic(), before));
  await clock.advance(milliseconds(5000));
  const exchanges: [string, string][] = [];
  const gate: Gate = {
    exchange: (id, trigger) => {
      exchanges.push([id, trigger]);
      const came = outcome(clock);
      if (came) board.outcome(came);
      return Promise.resolve(came);
    },
    preview: () => assert.fail("nothing is previewed"),
    adopt: () => assert.fail("nothing is adopted"),
  };
  return { reply: await certificatesShown({ board, clock, gate }, device as DeviceId), exchanges };
}
function problem({ reply }: World): string {
  assert.ok(!reply.ok);
  return reply.problems.join();
}
const early = (clock: FakeClock): Outcome => ({
  ...(refused(asking, clock.monotonic(), "line_budget") as Extract<Outcome, { kind: "refused" }>),
  retryAt: after(clock.monotonic(), milliseconds(55_000)),
});

describe("a server's certificates", () => {
  test("are asked for once, by the check that is in the plan", async () => {
    const { reply, exchanges } = await shown((clock) => answered(asking, clock.monotonic(), showing));
    assert.deepEqual(exchanges, [["hmi-2/opcua-get-endpoints", "ask-now"]]);
    const result = { device: "hmi-2", check: asking.id, at: "2026-11-21T12:00:05.000Z", askedNow: true, certificates };
    assert.deepEqual(reply, { ok: true, result });
  });

  test("are never asked for early: what the schedule was told then stands, with its time", async () => {
    const { reply, exchanges } = await shown(early, { before: showing });
    assert.equal(exchanges.length, 1);
    assert.ok(reply.ok);
    assert.deepEqual(
      [reply.result.askedNow, reply.result.at, reply.result.certificates],
      [false, "2026-11-21T12:00:00.000Z", certificates],
    );
  });

  test("that nobody has been told yet in this run have to wait, and the answer says until when", async () => {
    const found = problem(await shown(early));
    assert.equal(
      found,
      "hmi-2/opcua-get-endpoints: not asked: asked less than an interval ago; it can be asked at 2026-11-21T12:01:00.000Z",
    );
  });

  test("are not given from earlier where the device is stopped, tripped or paused", async () => {
    for (const reason of ["stopped", "tripped", "window_pause"] as const)
      assert.match(problem(await shown((clock) => refused(asking, clock.monotonic(), reason), { before: showing })), /not asked: /u);
  });

  test("that do not come are told with the reason", async () => {
    assert.match(problem(await shown((clock) => failed(asking, clock.monotonic()))), /no answer in time \(no answer within 5 s\)$/u);
    const said: Answer = { said: "degraded", failure: "protocol_error", detail: "ERR: BadTcpServerTooBusy" };
    assert.match(
      problem(await shown((clock) => answered(asking, clock.monotonic(), said))),
      /answered with an error: ERR: BadTcpServerTooBusy/u,
    );
    assert.match(problem(await shown((clock) => answered(asking, clock.monotonic(), { said: "alive" }))), /showed no certificate/u);
    assert.match(problem(await shown(() => undefined)), /the plan changed; try again/u);
  });

  test("of a device whose check is not in the plan cost no exchange, and the line says what to do", async () => {
    const { method } = asking;
    const standing = {
      check: asking.id,
      device: asking.device,
      method,
      reason: "not_approved",
      detail: "approve it",
      templates: [],
    } as const;
    const cases: readonly [World, RegExp][] = [
      [
        await shown(() => assert.fail(), { checks: [], refusals: [standing] }),
        /not asked: no person has approved this profile: approve it/u,
      ],
      [
        await shown(() => assert.fail(), { checks: [check("hmi-2")] }),
        /found no check opcua-get-endpoints.*or bring the certificate in a file/u,
      ],
      [await shown(() => assert.fail(), {}, "hmi-3"), /hmi-3: no such device/u],
    ];
    for (const [world, words] of cases) {
      assert.match(problem(world), words);
      assert.deepEqual(world.exchanges, []);
    }
  });
});
