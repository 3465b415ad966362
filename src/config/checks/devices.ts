/** Checks what each entry of a watchlist says within itself and beside its neighbours: ways of reaching, checks, statements, groups, budgets. */
import { limits } from "../../domain/limits.ts";
import { unitOfBus } from "../compile/gateway-unit.ts";
import { registerSpaceOf } from "../compile/modbus-codes.ts";
import { quote, type Path } from "../problem.ts";
import type { GatewayEntry } from "../schema/gateway.ts";
import type { Budget, WatchlistCheck, WatchlistDevice } from "../schema/watchlist.ts";
import type { Complaints, Entries, Entry } from "./entries.ts";

export function checkEntries(entries: Entries, complaints: Complaints): void {
  const gatewayOf = gatewayOfAddress(entries);
  for (const { index, value } of entries.segments) checkRaise(["segments", index], value, limits.segmentStartsPerSecondDefault, complaints);
  for (const entry of entries.devices) {
    checkWay(entry, entries, complaints);
    checkPort(entry, complaints);
    checkEndpointPath(entry, complaints);
    checkChecks(entry, gatewayOf(entry.value), complaints);
    checkWatchdog(entry, complaints);
  }
  checkUnits(entries, complaints);
  checkMacs(entries, complaints);
  checkHardware(entries, complaints);
  checkExclusions(entries, complaints);
}

/** A figure above the default needs a name and a reason. */
export function checkRaise(path: Path, budget: Budget, normal: number, complaints: Complaints): void {
  if (budget.startsPerSecondMax <= normal) return;
  for (const key of ["approvedBy", "reason"] as const) {
    if (budget[key] !== undefined) continue;
    const expected = `${key} beside a startsPerSecondMax above ${normal} (here ${budget.startsPerSecondMax})`;
    complaints.add([...path, key], { found: "nothing", expected });
  }
}

function checkWay({ index, value }: Entry<WatchlistDevice>, { gateways }: Entries, complaints: Complaints): void {
  const { address, via, segment, port } = value;
  const at = (...rest: Path): Path => ["devices", index, ...rest];
  if (address !== undefined && via !== undefined) {
    return complaints.add(at("via"), {
      found: "both address and via",
      expected: "one of them",
      hint: "a unit behind a gateway has no address of its own",
    });
  }
  if (via === undefined) {
    if (address === undefined) complaints.add(at(), { found: "neither address nor via", expected: "one of them" });
    if (segment === undefined) complaints.add(at(), { found: "no segment", expected: "the segment of the device's address" });
    return;
  }
  if (port !== undefined) complaints.add(at("port"), { found: String(port), expected: "no port beside via: it is the gateway's" });
  const gateway = gateways.find((one) => one.value.id === via)?.value;
  if (gateway !== undefined && segment !== undefined && segment !== gateway.segment) {
    complaints.add(at("segment"), { found: quote(segment), expected: `${gateway.segment}, the segment of gateway ${via}, or no segment` });
  }
}

/** A port is one protocol's: the others would be asked there as well. An echo has none. */
function checkPort({ index, value }: Entry<WatchlistDevice>, complaints: Complaints): void {
  const protocols = new Set(
    value.checks.map(({ method }) => method.slice(0, method.indexOf("-"))).filter((protocol) => protocol !== "icmp"),
  );
  if (value.port === undefined || protocols.size < 2) return;
  complaints.add(["devices", index, "port"], {
    found: `${value.port} with checks of ${[...protocols].join(" and ")}`,
    expected: "checks of one protocol beside a port",
    hint: "an entry for each protocol, with the same address, joined under `hardware:`",
  });
}

function checkEndpointPath({ index, value }: Entry<WatchlistDevice>, complaints: Complaints): void {
  const { endpointPath: path, checks } = value;
  if (path === undefined || checks.some(({ method }) => method.startsWith("opcua-"))) return;
  complaints.add(["devices", index, "endpointPath"], {
    found: `${quote(path)} without an OPC UA check`,
    expected: "no endpoint path: only OPC UA has one",
  });
}

/** The gateway at whose address a device stands, or with which it is one piece of hardware. */
function gatewayOfAddress({ devices, gateways, hardware }: Entries): (device: WatchlistDevice) => GatewayEntry | undefined {
  const at = new Map(gateways.map(({ value }) => [value.address, value]));
  const gatewayAt = ({ address }: WatchlistDevice): GatewayEntry | undefined => (address === undefined ? undefined : at.get(address));
  const ofDevice = new Map(devices.map(({ value }) => [value.id, gatewayAt(value)]));
  const ofHardware = new Map(
    hardware.flatMap(({ value }) => {
      const gateway = value.devices.map((id) => ofDevice.get(id)).find((one) => one !== undefined);
      return value.devices.map((id) => [id, gateway] as const);
    }),
  );
  return (device) => gatewayAt(device) ?? ofHardware.get(device.id);
}

function checkChecks({ index, value }: Entry<WatchlistDevice>, gateway: GatewayEntry | undefined, complaints: Complaints): void {
  const seen = new Map<string, number>();
  value.checks.forEach((check, n) => {
    const path: Path = ["devices", index, "checks", n];
    checkCheck(path, check, value.via !== undefined, complaints);
    const stray = value.via === undefined && gateway !== undefined ? unitOfBus(check, gateway) : undefined;
    if (stray !== undefined) complaints.add([...path, "unitId"], stray);
    const same = JSON.stringify([check.method, check.unitId, check.register, check.portsUp]);
    const first = seen.get(same);
    if (first === undefined) seen.set(same, n);
    else complaints.add(path, { found: `the same as checks[${first}]`, expected: "each check once" });
  });
}

/** Modbus over Serial Line V1.02, 2.2: what lies above is reserved. */
const unitIdMax = 247;

function checkCheck(path: Path, { method, unitId, register, portsUp }: WatchlistCheck, serial: boolean, complaints: Complaints): void {
  const modbus = method.startsWith("modbus-");
  if (portsUp !== undefined && method !== "snmp-get")
    complaints.add([...path, "portsUp"], { found: "ports", expected: `none with ${method}: snmp-get alone reads them` });
  if (modbus && serial && unitId === undefined) {
    complaints.add(path, { found: "no unitId", expected: "the unit's id on the gateway's bus" });
  }
  if (modbus && serial && unitId !== undefined && unitId > unitIdMax) {
    const hint = "255 addresses a gateway itself: list that as a device of its own, with the gateway's address";
    complaints.add([...path, "unitId"], { found: String(unitId), expected: `a unit id from 1 to ${unitIdMax}`, hint });
  }
  if (!modbus && serial) {
    complaints.add([...path, "method"], { found: method, expected: "a Modbus method: the device stands behind a Modbus gateway" });
  }
  if (!modbus && unitId !== undefined) complaints.add([...path, "unitId"], { found: String(unitId), expected: `no unitId with ${method}` });
  const needsRegister = registerSpaceOf(method) !== undefined;
  if (needsRegister && register === undefined) {
    complaints.add(path, { found: "no register", expected: `the id of a liveness register, which ${method} reads` });
  }
  if (!needsRegister && register !== undefined) {
    complaints.add([...path, "register"], { found: quote(register), expected: `no register with ${method}` });
  }
}

function checkWatchdog({ index, value }: Entry<WatchlistDevice>, complaints: Complaints): void {
  const { watchdog } = value.statements;
  if (watchdog === undefined) return;
  const path: Path = ["devices", index, "statements", "watchdog"];
  const masked = watchdog.mode === "function-code-mask";
  if (masked && watchdog.functionCodes === undefined) {
    complaints.add(path, {
      found: "no functionCodes",
      expected: "the function codes that feed the watchdog, as mode function-code-mask says",
    });
  }
  if (!masked && watchdog.functionCodes !== undefined) {
    complaints.add([...path, "functionCodes"], { found: "functionCodes", expected: `none with mode ${watchdog.mode}` });
  }
}

/** Two devices that are one unit of one bus are one device. */
function checkUnits({ devices }: Entries, complaints: Complaints): void {
  const seen = new Map<string, { readonly path: Path; readonly id: string }>();
  for (const { index, value } of devices) {
    value.checks.forEach(({ unitId }, n) => {
      if (value.via === undefined || unitId === undefined) return;
      const unit = `${value.via}/${unitId}`;
      const path: Path = ["devices", index, "checks", n, "unitId"];
      const first = seen.get(unit);
      if (first === undefined) seen.set(unit, { path, id: value.id });
      else if (first.id !== value.id) {
        const found = `${unitId} again, the unit of device ${first.id} (line ${complaints.lineOf(first.path)})`;
        complaints.add(path, { found, expected: `a unit of gateway ${value.via} of its own` });
      }
    });
  }
}

function checkMacs({ devices, hardware }: Entries, complaints: Complaints): void {
  const groupOf = new Map(hardware.flatMap(({ value }) => value.devices.map((device) => [device, value.id])));
  const seen = new Map<string, { readonly path: Path; readonly device: WatchlistDevice }>();
  for (const { index, value } of devices) {
    value.macs.forEach((mac, n) => {
      const path: Path = ["devices", index, "macs", n];
      const first = seen.get(mac);
      const group = groupOf.get(value.id);
      if (first === undefined) seen.set(mac, { path, device: value });
      else if (first.device === value || group === undefined || group !== groupOf.get(first.device.id)) {
        const found = `${quote(mac)} again, the MAC address of device ${first.device.id} (line ${complaints.lineOf(first.path)})`;
        complaints.add(path, { found, expected: "a MAC address of its own" });
      }
    });
  }
}

function checkHardware({ devices, hardware }: Entries, complaints: Complaints): void {
  const groupOf = new Map<string, string>();
  const behind = new Map(devices.flatMap(({ value }) => (value.via === undefined ? [] : [[String(value.id), value.via]])));
  for (const { index, value } of hardware) {
    value.devices.forEach((device, n) => {
      const path: Path = ["hardware", index, "devices", n];
      const first = groupOf.get(device);
      groupOf.set(device, value.id);
      if (first !== undefined)
        complaints.add(path, { found: `${quote(device)} again, a device of hardware ${first}`, expected: "each device once" });
      const gateway = behind.get(device);
      if (gateway !== undefined) {
        const found = `${quote(device)}, a unit behind gateway ${gateway}`;
        complaints.add(path, { found, expected: "a device with an address", hint: "the units of a gateway share its line already" });
      }
    });
  }
}

function checkExclusions({ excluded }: Entries, complaints: Complaints): void {
  for (const { index, value } of excluded) {
    const forms = (["address", "range", "gateway"] as const).filter((key) => value[key] !== undefined);
    const path: Path = ["excluded", index];
    if (forms.length !== 1) {
      complaints.add(path, { found: forms.join(" and ") || "none of them", expected: "one of address, range, and gateway with unitId" });
    } else if ((value.gateway === undefined) !== (value.unitId === undefined)) {
      const found = value.gateway === undefined ? "a unitId without its gateway" : "a gateway without a unitId";
      complaints.add(path, { found, expected: "gateway and unitId together", hint: "leave a whole gateway out by its address" });
    }
  }
}
