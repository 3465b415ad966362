/** The plan as a drop-in for systemd: the addresses that the service may speak to, and the serial ports that it may open. */
import { digestOf } from "../config/compile/digest.ts";
import type { Plan } from "../domain/plan.ts";
import { destinationsOf } from "./destinations.ts";

export const dropInFileDefault = "/etc/systemd/system/watchkeeper.service.d/plan.conf";
const labelBegin = "# watchkeeper fence systemd";

export interface DropInInput {
  readonly plan: Plan;
  /** Addresses or `address/prefix` beside the plan's: who reads metrics from another machine. */
  readonly also: readonly string[];
}

/**
 * Every device of the plan by its literal address, never its subnet: systemd drops all other IP packets of the service's processes, both
 * ways (IPAddressAllow and IPAddressDeny, systemd.resource-control(5)). Ports and frames are the nftables fence's affair.
 */
export function dropInText({ plan, also }: DropInInput): string {
  const directives = directivesOf(plan, also);
  return [
    "# Printed by `watchkeeper fence print --format systemd`: print it again after every change of the plan.",
    `${labelBegin} also=${also.length === 0 ? "none" : also.join(",")} ${digestOf({ directives })}`,
    ...directives,
    "",
  ].join("\n");
}

function directivesOf(plan: Plan, also: readonly string[]): readonly string[] {
  const addresses = [...new Set(destinationsOf(plan).map(({ address }) => address))].toSorted();
  const ports = [...new Set([...plan.checks.values()].flatMap(({ target }) => (target.serial ? [target.address] : [])))].toSorted();
  return [
    "[Service]",
    "IPAddressDeny=any",
    ...["localhost", ...addresses, ...also].map((address) => `IPAddressAllow=${address}`),
    // A port's file is not among the devices that PrivateDevices leaves; the account reaches it by its group.
    ...(ports.length === 0 ? [] : ["PrivateDevices=no", "DevicePolicy=closed", "SupplementaryGroups=dialout"]),
    ...ports.map((port) => `DeviceAllow=${port} rw`),
  ];
}

/** What is different in a drop-in that was installed, in sentences; none where it is what the plan wants. Comments do not count. */
export function dropInDifferences(installed: string, plan: Plan): readonly string[] {
  const label = installed.split("\n").find((line) => line.startsWith(labelBegin));
  const also = /^ also=(\S+) sha256:[0-9a-f]{64}$/u.exec(label?.slice(labelBegin.length) ?? "")?.[1];
  if (also === undefined) return ["it has no label of a drop-in: it is not one that was printed"];
  const found = installed.split("\n").filter((line) => line.trim() !== "" && !/^\s*[#;]/u.test(line));
  const wanted = directivesOf(plan, also === "none" ? [] : also.split(","));
  return [
    ...found.filter((line) => !wanted.includes(line)).map((line) => `found ${line}, which the plan does not want`),
    ...wanted.filter((line) => !found.includes(line)).map((line) => `${line} is missing`),
  ];
}
