/** A hundred thousand damaged replies in each framing: what each is taken for, and that nothing follows it. `MUTATION_SEED=n` replays. */
import { describe, test } from "node:test";
import type { ModbusAsk } from "../../../src/drivers/modbus/methods.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";
import { modbusRtuPolicy } from "../../../src/wire/frames/modbus-rtu.ts";
import { damaged, damagedRtu, repliesTo, rtuRepliesTo } from "../support/damage.ts";
import { expectedOf, expectedOfRtu } from "../support/modbus-reference.ts";
import { runMutations } from "../support/mutation-run.ts";

const seed = Number(process.env["MUTATION_SEED"] ?? 20_261_121);
const rounds = 100_000;
const unitId = 7;
const reads: readonly Extract<ModbusAsk, { readonly functionCode: 1 | 2 | 3 | 4 }>[] = [
  { functionCode: 1, unitId, protocolAddress: 100, count: 9 },
  { functionCode: 2, unitId, protocolAddress: 0, count: 1, value: { type: "bit" } },
  { functionCode: 3, unitId, protocolAddress: 100, count: 2, value: { type: "float32", wordOrder: "little" } },
  { functionCode: 4, unitId, protocolAddress: 65_535, count: 1, value: { type: "int16" } },
];

describe(`${rounds} damaged replies`, () => {
  test("are each taken for what they are, draw no second request, crash nothing and leave nothing behind", () =>
    runMutations({
      rounds,
      seed,
      policy: modbusPolicy,
      asks: [...reads, { functionCode: 17, unitId }, { functionCode: 43, unitId, readCode: 1, objectId: 0 }],
      damagedReply: (request, random) => damaged(random.pick(repliesTo(request)), random),
      expectedOf,
    }));

  test("in raw RTU frames likewise", () =>
    runMutations({
      rounds,
      seed,
      policy: modbusRtuPolicy,
      asks: reads.map((ask) => ({ ...ask, framing: "rtu-over-tcp" })),
      damagedReply: (request, random) => damagedRtu(random.pick(rtuRepliesTo(request)), random),
      expectedOf: expectedOfRtu,
    }));
});
