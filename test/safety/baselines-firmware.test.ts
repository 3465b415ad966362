/** A device whose own word contradicts the firmware that an advisory wants is asked no more: not at first sight, and not once it is accepted. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeepRead } from "../../src/domain/deep-reads.ts";
import type { Identity } from "../../src/domain/outcome.ts";
import type { Check, DeviceId, Plan } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { Baselines, type Heard } from "../../src/safety/baselines.ts";
import { literalPlan } from "../support/literal-plan.ts";

const start = wallMs(1_763_726_400_000);
const plain: Identity = { vendor: "Schneider", product: "M580", revision: "2.80", serial: "7" };

class Site {
  readonly #check: Check;
  readonly #baselines: Baselines;

  constructor(firmwareFrom: string | undefined) {
    const bare = literalPlan([{ name: "plc", address: "192.0.2.11" }]);
    const [first] = bare.checks.values();
    this.#check = { ...first!, ...(firmwareFrom !== undefined && { firmwareFrom }) };
    const plan: Plan = { ...bare, checks: new Map([[this.#check.id, this.#check]]) };
    this.#baselines = new Baselines(() => plan, []);
  }

  heard(identity: Identity, deep?: DeepRead): Heard {
    return this.#baselines.heard({ ...this.#check, ...(deep && { deep }) }, identity, start);
  }

  accept(): void {
    this.#baselines.accept("plc" as DeviceId, { by: "eto-1", reason: "type plate", at: start }, false);
  }
}

describe("a firmware below the one that the profile allows", () => {
  const old = { ...plain, revision: "V2.70" };

  test("trips at the first word, at every later one, and after a person has accepted it", () => {
    const one = new Site("2.80");
    const words = 'firmware: is "V2.70", and the watchlist states another; the profile allows asking it from firmware 2.80 on';
    const first = one.heard(old);
    assert.deepEqual([first.news?.change, first.stranger], ["first_said", words]);
    assert.deepEqual(one.heard(old), { stranger: words });
    one.accept();
    assert.deepEqual(one.heard(old), { stranger: words });
    assert.equal(one.heard({ ...old, serial: "8" }).stranger, words);
    assert.equal(new Site("2.70").heard(old).stranger, undefined);
    assert.equal(new Site(undefined).heard(old).stranger, undefined);
  });

  test("is told, and trips nothing, where it was no version from the first; one that is not said is nothing", () => {
    const one = new Site("2.80");
    const { news, stranger } = one.heard({ ...plain, revision: "net module" });
    assert.equal(stranger, undefined);
    assert.match(news?.detail ?? "", /; found no version number in the firmware, expected 2\.80 or later: look at the device/u);
    one.accept();
    assert.deepEqual(one.heard({ ...plain, revision: "net module" }), {});
    const silent = new Site("2.80").heard({ vendor: "Schneider" });
    assert.deepEqual([silent.news?.detail.endsWith('vendor "Schneider"'), silent.stranger], [true, undefined]);
  });

  test("is nothing where a module of the rack says it, whose firmware nobody spoke of; another module is told, and once accepted is a stranger", () => {
    const one = new Site("2.80");
    const slot: DeepRead = { read: "enip-slots", number: 3 };
    const module = { ...plain, product: "DI16", revision: "1.2" };
    assert.deepEqual([one.heard(module, slot).stranger, one.heard(module, slot).stranger], [undefined, undefined]);
    assert.equal(one.heard({ ...module, revision: "no version", serial: "9" }, slot).news?.detail.includes("expected 2.80"), false);
    one.accept();
    assert.match(one.heard({ ...module, product: "DO16" }, slot).stranger ?? "", /product: was "DI16", is "DO16"/u);
  });
});
