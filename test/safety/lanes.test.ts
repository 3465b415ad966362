/** One at a time on a line, in the order of asking, whatever a turn does; and nothing is left behind. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { LineId } from "../../src/domain/plan.ts";
import { Lanes } from "../../src/safety/lanes.ts";

const line = "address:10.0.0.1" as LineId;
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("a lane", () => {
  it("that is free is taken within the call", async () => {
    const lanes = new Lanes();
    let began = false;
    const turn = lanes.take(line, () => ((began = true), Promise.resolve("done")));
    assert.ok(began);
    assert.equal(lanes.taken, 1);
    assert.equal(await turn, "done");
    assert.equal(lanes.taken, 0);
  });

  it("is not free for one who asks from within a turn", async () => {
    const lanes = new Lanes();
    const seen: string[] = [];
    let inner: Promise<void> | undefined;
    await lanes.take(line, async () => {
      inner = lanes.take(line, () => Promise.resolve(void seen.push("inner")));
      await settled();
      seen.push("outer");
    });
    await inner;
    assert.deepEqual(seen, ["outer", "inner"]);
  });

  it("serves one after the other in the order of asking, also behind turns that fail, and leaves nothing behind", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ line: fc.constantFrom("a", "b"), fails: fc.boolean(), pauseBefore: fc.boolean(), turns: fc.nat(3) }), {
          minLength: 1,
          maxLength: 12,
        }),
        async (askings) => {
          const lanes = new Lanes();
          const order = new Map<string, number[]>([
            ["a", []],
            ["b", []],
          ]);
          const on = new Map<string, number>();
          const ends: Promise<unknown>[] = [];
          for (const [index, asking] of askings.entries()) {
            if (asking.pauseBefore) await settled();
            const turn = async (): Promise<number> => {
              on.set(asking.line, (on.get(asking.line) ?? 0) + 1);
              assert.equal(on.get(asking.line), 1, "two at once on a line");
              for (let pause = 0; pause < asking.turns; pause++) await settled();
              order.get(asking.line)!.push(index);
              on.set(asking.line, 0);
              if (asking.fails) throw new Error(`turn ${index}`);
              return index;
            };
            const end = lanes.take(asking.line as LineId, turn);
            ends.push(asking.fails ? assert.rejects(end, { message: `turn ${index}` }) : end.then((came) => assert.equal(came, index)));
          }
          await Promise.all(ends);
          for (const [name, indices] of order)
            assert.deepEqual(
              indices,
              askings.flatMap((asking, index) => (asking.line === name ? [index] : [])),
            );
          await settled();
          assert.equal(lanes.taken, 0);
        },
      ),
    ));
});
