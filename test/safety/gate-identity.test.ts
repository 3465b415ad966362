/** Every reply that says who it is from is compared as it comes in: another device than was accepted gets no packet more. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Identity } from "../../src/domain/outcome.ts";
import { ask, readySite } from "../support/ready-site.ts";

describe("an answer with an identity", () => {
  it("is compared once, under its check, and answers where nothing speaks against it", async () => {
    const seen: (readonly [string, Identity])[] = [];
    const site = await readySite({
      stranger: (check, identity) => {
        seen.push([check.id, identity]);
        return undefined;
      },
    });
    assert.equal((await ask(site))?.kind, "answered");
    assert.deepEqual(seen, [["plc/modbus-fc43", { vendor: "Maker", product: "P1" }]]);
  });

  it("of another device fails, trips once for all, and is followed by no packet", async () => {
    const site = await readySite({ stranger: () => 'product: was "P0", is "P1" (as it was accepted)' });
    const outcome = await ask(site);
    assert.equal(outcome?.kind === "failed" && outcome.failure, "identity_mismatch");
    await site.clock.advance(300_000);
    await ask(site);
    const trips = site.facts.filter(({ kind }) => kind === "tripped");
    assert.deepEqual(
      trips.map((fact) => fact.kind === "tripped" && fact.trip),
      [{ scope: "device:plc", cause: "identity_mismatch", detail: 'product: was "P0", is "P1" (as it was accepted)' }],
    );
    assert.equal(site.witness.packets.filter(({ kind }) => kind === "frame").length, 1);
  });

  it("that the profile does not know is compared all the same, and the trip says what the profile expects", async () => {
    let compared = 0;
    const site = await readySite({
      device: { vendors: ["Somebody"] },
      stranger: () => {
        compared += 1;
        return "product: was another";
      },
    });
    const outcome = await ask(site);
    assert.match(outcome?.kind === "failed" ? outcome.detail : "", /^vendor: found "Maker", expected "Somebody"$/u);
    assert.equal(compared, 1);
    assert.equal(site.gate.trips().length, 1);
  });
});
