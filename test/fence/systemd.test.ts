/** The drop-in names every device of the plan by its literal address and nothing wider, and an installed one is compared line by line. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dropInDifferences, dropInText } from "../../src/fence/systemd.ts";
import { destinationsOf } from "../../src/fence/destinations.ts";
import type { Check, Plan } from "../../src/domain/plan.ts";
import { smallPlan } from "./support/small-plan.ts";

const plan = smallPlan();
const lines = (text: string): readonly string[] => text.split("\n");

/** The same plan with its first check on a serial port. */
function withSerialPort(): Plan {
  const [[id, check] = assert.fail()] = plan.checks;
  const serial: Check = {
    ...check,
    target: {
      address: "/dev/serial/by-id/usb-1",
      port: 0,
      transport: "serial",
      serial: { baudRate: 19_200, parity: "even", stopBits: 1 },
    },
  };
  return { ...plan, checks: new Map([...plan.checks, [id, serial]]) };
}

describe("the drop-in", () => {
  test("denies everything, and allows this machine and each address of the plan once", () => {
    const text = dropInText({ plan, also: [] });
    const addresses = new Set(destinationsOf(plan).map(({ address }) => address));
    assert.ok(addresses.size >= 4);
    assert.deepEqual(
      lines(text).filter((line) => line !== "" && !line.startsWith("#")),
      ["[Service]", "IPAddressDeny=any", "IPAddressAllow=localhost", ...[...addresses].toSorted().map((one) => `IPAddressAllow=${one}`)],
    );
    assert.doesNotMatch(text, /\/|IPAddressAllow=any/u);
  });

  test("has what was asked for beside the plan, and says so in its label", () => {
    const text = dropInText({ plan, also: ["10.9.0.4", "10.8.0.0/24"] });
    assert.match(text, /^# watchkeeper fence systemd also=10\.9\.0\.4,10\.8\.0\.0\/24 sha256:[0-9a-f]{64}$/mu);
    assert.ok(lines(text).includes("IPAddressAllow=10.8.0.0/24"));
  });

  test("opens the plan's serial ports and no other device", () => {
    assert.doesNotMatch(dropInText({ plan, also: [] }), /Device/u);
    assert.deepEqual(lines(dropInText({ plan: withSerialPort(), also: [] })).slice(-5), [
      "PrivateDevices=no",
      "DevicePolicy=closed",
      "SupplementaryGroups=dialout",
      "DeviceAllow=/dev/serial/by-id/usb-1 rw",
      "",
    ]);
  });
});

describe("an installed drop-in", () => {
  const text = dropInText({ plan, also: ["10.9.0.4"] });

  test("that was printed for this plan has no difference, whatever its comments", () => {
    assert.deepEqual(dropInDifferences(`; by hand\n${text}\n  # and this\n`, plan), []);
  });

  test("shows each line that is too much and each that is missing", () => {
    const edited = text.replace("IPAddressAllow=10.20.1.11\n", "IPAddressAllow=10.20.0.0/16\n");
    assert.deepEqual(dropInDifferences(edited, plan), [
      "found IPAddressAllow=10.20.0.0/16, which the plan does not want",
      "IPAddressAllow=10.20.1.11 is missing",
    ]);
    assert.deepEqual(dropInDifferences(text, withSerialPort()), [
      "found IPAddressAllow=10.20.1.11, which the plan does not want",
      "PrivateDevices=no is missing",
      "DevicePolicy=closed is missing",
      "SupplementaryGroups=dialout is missing",
      "DeviceAllow=/dev/serial/by-id/usb-1 rw is missing",
    ]);
  });

  test("without a label is none of ours", () => {
    for (const foreign of ["[Service]\nIPAddressAllow=any\n", text.replace(/also=\S+/u, ""), ""])
      assert.deepEqual(dropInDifferences(foreign, plan), ["it has no label of a drop-in: it is not one that was printed"]);
  });
});
