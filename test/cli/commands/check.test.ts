/** `check`: what came of asking now, or why nothing was asked and when it can be. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { check } from "../../../src/cli/commands/check.ts";
import type { CheckOutcome } from "../../../src/domain/control.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.remove());

const id = { check: "plc-1/modbus-fc43" } as const;
const alive: CheckOutcome = { ...id, kind: "answered", said: "alive", tookMs: 12, detail: "Schneider Electric TM221CE24R" };

async function answering(...outcomes: readonly CheckOutcome[]): Promise<void> {
  await site.poller({ check: ({ device }) => Promise.resolve({ ok: true, result: { device, outcomes } }) });
}

describe("check tells", () => {
  const cases: readonly [what: string, outcome: CheckOutcome, code: number, line: string][] = [
    ["an answer", alive, 0, "plc-1/modbus-fc43: answered within 12 ms: Schneider Electric TM221CE24R"],
    ["an answer without words", { ...alive, detail: "" }, 0, "plc-1/modbus-fc43: answered within 12 ms"],
    [
      "an answer that shows a fault",
      { ...alive, said: "degraded", detail: "exception 4" },
      1,
      "plc-1/modbus-fc43: answered DEGRADED within 12 ms: exception 4",
    ],
    [
      "a gateway that answered alone",
      { ...alive, said: "gateway_only", detail: "exception 0x0B" },
      1,
      "plc-1/modbus-fc43: the gateway answered, the device behind it did not, within 12 ms: exception 0x0B",
    ],
    [
      "a failure",
      { ...id, kind: "failed", failure: "timeout", detail: "after 5 s" },
      1,
      "plc-1/modbus-fc43: failed: no answer in time (after 5 s)",
    ],
    [
      "a failure without detail",
      { ...id, kind: "failed", failure: "reset", detail: "" },
      1,
      "plc-1/modbus-fc43: failed: the device broke the connection",
    ],
    [
      "when it can be asked",
      { ...id, kind: "refused", reason: "line_budget", detail: "", retryAt: "2026-11-21T12:00:41.000Z" },
      1,
      "plc-1/modbus-fc43: not asked: asked less than an interval ago. It can be asked in 41 s, at 2026-11-21 12:00:41 UTC",
    ],
    [
      "that only a person can help",
      { ...id, kind: "refused", reason: "safety_function", detail: "function: protection", retryAt: null },
      1,
      "plc-1/modbus-fc43: not asked: safety, protection and navigation devices are never asked (function: protection). " +
        "It can be asked only after a person acts: `watchkeeper explain` says how",
    ],
  ];
  for (const [what, outcome, code, line] of cases) {
    test(what, async () => {
      await answering(outcome);
      assert.deepEqual(await site.run(check, ["plc-1"]), { code, out: line, err: "" });
    });
  }

  test("each of several checks, and fails when one does", async () => {
    await answering(alive, { ...id, kind: "failed", failure: "timeout", detail: "" });
    const ran = await site.run(check, ["plc-1"]);
    assert.equal(ran.code, 1);
    assert.equal(ran.out.split("\n").length, 2);
  });

  test("all of it as JSON", async () => {
    await answering(alive);
    assert.deepEqual(JSON.parse((await site.run(check, ["plc-1", "--json"])).out), { device: "plc-1", outcomes: [alive] });
  });

  test("text from a device in one line, without control characters", async () => {
    await answering({ ...alive, detail: "evil\u001b[2J\ntext" });
    assert.equal((await site.run(check, ["plc-1"])).out, "plc-1/modbus-fc43: answered within 12 ms: evil?[2J?text");
  });
});

describe("check", () => {
  test("asks for one method where one is named", async () => {
    await answering(alive);
    await site.run(check, ["plc-1", "--method", "modbus-fc43"]);
    assert.deepEqual(site.sent, [["check", { device: "plc-1", method: "modbus-fc43" }]]);
  });

  test("is not good when there was nothing to ask", async () => {
    await answering();
    assert.equal((await site.run(check, ["plc-1"])).code, 1);
  });

  test("tells the poller's problems", async () => {
    await site.poller({ check: () => Promise.resolve({ ok: false, problems: ["plc-1: no such device in the running plan"] }) });
    assert.deepEqual(await site.run(check, ["plc-1"]), { code: 1, out: "", err: "plc-1: no such device in the running plan" });
  });

  test("needs a poller", async () => {
    assert.deepEqual(await site.run(check, ["plc-1"]), {
      code: 1,
      out: "",
      err: "FOLDER/state/control.sock: no poller runs for this site; start it with `watchkeeper run`",
    });
  });

  test("knows its methods", async () => {
    const near = await site.run(check, ["plc-1", "--method", "modbus-fc34"]);
    assert.equal(near.code, 2);
    assert.equal(near.err.split("\n")[0], 'watchkeeper check: --method: found "modbus-fc34", did you mean modbus-fc43?');
    const far = await site.run(check, ["plc-1", "--method", "profinet"]);
    assert.match(far.err, /--method: found "profinet", expected one of modbus-fc43, /);
  });

  test("needs a device", async () => {
    const ran = await site.run(check);
    assert.equal(ran.code, 2);
    assert.equal(ran.err.split("\n")[0], "watchkeeper check: <device> is missing");
  });
});
