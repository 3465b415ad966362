/** Sees to the Debian packages the wire proofs need: says which are missing and installs them without starting a daemon. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

/** Each package with the reason it is needed; the independent peers and dissectors are the point of the proofs. */
export const packagesNeeded: ReadonlyMap<string, string> = new Map([
  ["tcpdump", "captures"],
  ["tshark", "dissects captures independently of this project"],
  ["iproute2", "network namespaces"],
  ["iputils-ping", "ICMP echo"],
  ["snmpd", "independent SNMP agent"],
  ["snmp", "independent SNMP client, for looking at an agent by hand"],
  ["nftables", "peers that vanish"],
  ["python3-pymodbus", "independent Modbus device with identification"],
  ["python3-serial", "imported by pymodbus, which only recommends it"],
  ["python3-serial-asyncio", "imported by pymodbus, which only recommends it"],
  ["socat", "joins two pseudo terminals to a serial line, and says what passes it"],
  ["libmodbus-dev", "independent Modbus device without function code 43"],
  ["gcc", "compiles the libmodbus device"],
  ["libc6-dev", "compiles the libmodbus device"],
  ["pkg-config", "finds libmodbus"],
  ["nmap", "independent reader of EtherNet/IP identities"],
  ["prometheus", "promtool and an independent scraper"],
  ["prometheus-alertmanager", "independent receiver of alerts"],
  ["python3-aiosmtpd", "independent mail server, with STARTTLS and a login"],
  ["rsyslog", "independent syslog daemon, run with a configuration of its own"],
  ["rsyslog-openssl", "its TLS"],
  ["openssl", "makes certificates"],
  ["prometheus-pushgateway", "independent push target"],
  ["procps", "process and kernel settings"],
  ["systemd", "systemd-analyze, which judges the units"],
  ["python3-seccomp", "the filter of system calls that a unit names, without systemd"],
  ["libfaketime", "steps the wall clock of one running poller and of nobody else"],
]);

const policyFile = "/usr/sbin/policy-rc.d";
const policyAside = `${policyFile}.before-wire-proofs`;
const denied = 101;
const execFileAsync = promisify(execFile);
const environment: NodeJS.ProcessEnv = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };

/** The packages that dpkg does not report as installed, in the order of the table. */
export function missingPackages(): readonly string[] {
  return [...packagesNeeded.keys()].filter((name) => !isInstalled(name));
}

/** Installs the named packages; throws with the end of apt-get's own words when it cannot. */
export async function installPackages(names: readonly string[]): Promise<void> {
  const allowDaemonsAgain = forbidDaemonStarts();
  try {
    const patience = ["-o", "DPkg::Lock::Timeout=120"];
    await aptGet(["update", "-qq", ...patience]);
    await aptGet(["install", "-y", "-qq", "--no-install-recommends", ...patience, ...names]);
  } finally {
    allowDaemonsAgain();
  }
  await keepFromStartingAtBoot(names);
}

function isInstalled(name: string): boolean {
  try {
    const arguments_ = ["--show", "--showformat=${db:Status-Status}", name];
    return execFileSync("dpkg-query", arguments_, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }) === "installed";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new Error("dpkg-query is not on this machine; the wire proofs install their tools on Debian only", { cause: error });
    }
    return false; // dpkg-query exits 1 for a package it has never heard of
  }
}

async function aptGet(arguments_: readonly string[]): Promise<void> {
  try {
    await execFileAsync("apt-get", [...arguments_], { env: environment, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").slice(-10).join("\n") : "";
    throw new Error(`apt-get ${arguments_[0] ?? ""} failed; install the packages by hand and run again\n${output}`, { cause: error });
  }
}

/** Debian asks policy-rc.d before an installation starts a service; 101 means no. A policy that already says no is left alone. */
function forbidDaemonStarts(): () => void {
  if (existsSync(policyFile) && policyForbids()) return () => undefined;
  const hadPolicy = existsSync(policyFile);
  if (hadPolicy) renameSync(policyFile, policyAside);
  writeFileSync(policyFile, `#!/bin/sh\nexit ${denied}\n`, { mode: 0o755 });
  return () => {
    if (hadPolicy) renameSync(policyAside, policyFile);
    else rmSync(policyFile);
  };
}

function policyForbids(): boolean {
  try {
    execFileSync(policyFile, ["prometheus", "start"], { stdio: "ignore" });
    return false;
  } catch (error) {
    return error instanceof Error && "status" in error && error.status === denied;
  }
}

/** Packages that bring a service of their own name. */
const services: ReadonlySet<string> = new Set(["prometheus", "prometheus-alertmanager", "prometheus-pushgateway", "rsyslog", "snmpd"]);

/** policy-rc.d stops a start now, not at the next boot; nobody asked this machine for a monitoring server or an agent. */
async function keepFromStartingAtBoot(installed: readonly string[]): Promise<void> {
  const brought = installed.filter((name) => services.has(name));
  if (brought.length === 0 || !existsSync("/run/systemd/system")) return;
  await execFileAsync("systemctl", ["disable", "--quiet", ...brought]);
}
