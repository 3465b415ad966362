/** Checks ids and what refers to them: each once, none unknown, nothing through itself. */
import { behind } from "../compile/behind.ts";
import { quote, type Path } from "../problem.ts";
import type { Complaints, Entries, Entry } from "./entries.ts";

/** @param profiles ids of the profiles there are */
export function checkReferences(entries: Entries, profiles: ReadonlySet<string>, complaints: Complaints): void {
  checkIds(entries, complaints);
  const refer = (path: Path, id: string, known: ReadonlySet<string>, what: string): void => {
    if (!known.has(id)) complaints.add(path, { found: quote(id), expected: `the id of ${what}`, hint: nearest(id, known) });
  };
  const segments = entries.ids("segments");
  const gateways = entries.ids("gateways");
  const devices = entries.ids("devices");
  const segment = "a segment of this file";
  const reached: ReadonlySet<string> = new Set([...devices, ...gateways]);
  for (const { index, value } of entries.gateways) refer(["gateways", index, "segment"], value.segment, segments, segment);
  for (const { index, value } of entries.devices) {
    const at = (...rest: Path): Path => ["devices", index, ...rest];
    if (value.segment !== undefined) refer(at("segment"), value.segment, segments, segment);
    if (value.via !== undefined) refer(at("via"), value.via, gateways, "a gateway of this file");
    refer(at("profile"), value.profile, profiles, "a shipped profile");
    value.dependsOn.forEach((id, n) => refer(at("dependsOn", n), id, reached, "a device or gateway of this file"));
    value.switchPorts.forEach((port, n) => refer(at("switchPorts", n, "switch"), port.switch, devices, "a device of this file"));
  }
  for (const { index, value } of entries.excluded) {
    if (value.gateway !== undefined) refer(["excluded", index, "gateway"], value.gateway, gateways, "a gateway of this file");
  }
  for (const { index, value } of entries.segmentStages) refer(["segmentStages", index, "segment"], value.segment, segments, segment);
  for (const { index, value } of entries.hardware) {
    value.devices.forEach((id, n) => refer(["hardware", index, "devices", n], id, devices, "a device of this file"));
  }
  checkDependencies(entries, complaints);
}

/** Devices and gateways share their names: `dependsOn` may mean either. */
function checkIds({ segments, gateways, devices, hardware }: Entries, complaints: Complaints): void {
  type Named = readonly [list: string, entry: Entry<{ readonly id: string }>];
  const named = (list: string, entries: readonly Entry<{ readonly id: string }>[]): Named[] => entries.map((entry) => [list, entry]);
  for (const group of [
    named("segments", segments),
    [...named("gateways", gateways), ...named("devices", devices)],
    named("hardware", hardware),
  ]) {
    const seen = new Map<string, Path>();
    for (const [list, { index, value }] of group) {
      const path = [list, index, "id"];
      const first = seen.get(value.id);
      if (first === undefined) seen.set(value.id, path);
      else
        complaints.add(path, {
          found: `${quote(value.id)} again (first on line ${complaints.lineOf(first)})`,
          expected: "an id of its own",
        });
    }
  }
}

/** Over all that a device is reached through: two that excuse each other's silence would never be down. */
function checkDependencies({ devices }: Entries, complaints: Complaints): void {
  const needs = new Map(devices.map(({ value }) => [String(value.id), behind(value)]));
  for (const { index, value } of devices) {
    const own = new Set(behind(value));
    const judge = (id: string, ...rest: Path): void => {
      const path = ["devices", index, ...rest];
      if (id === value.id) complaints.add(path, { found: `${quote(id)}, the device itself`, expected: "another device or a gateway" });
      else if (own.has(id) && leadsTo(id, value.id, needs)) {
        complaints.add(path, { found: `${quote(id)}, which depends on ${value.id} in turn`, expected: "dependencies without a circle" });
      }
    };
    value.dependsOn.forEach((id, n) => judge(id, "dependsOn", n));
    value.switchPorts.forEach((port, n) => judge(port.switch, "switchPorts", n, "switch"));
  }
}

function leadsTo(from: string, goal: string, needs: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set<string>();
  const waiting = [from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === goal) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    waiting.push(...(needs.get(id) ?? []));
  }
  return false;
}

/** The known id that a typing error most likely meant: one letter more, less or other, or two exchanged. */
function nearest(id: string, known: ReadonlySet<string>): string | undefined {
  if (known.size === 0) return "there is none";
  const candidate = [...known].find((one) => almostEqual(one, id));
  return candidate === undefined ? undefined : `did you mean ${candidate}?`;
}

function almostEqual(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  const swapped = restA.length > 1 && restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
  return swapped || restA.slice(1) === restB || restA === restB.slice(1) || restA.slice(1) === restB.slice(1);
}
