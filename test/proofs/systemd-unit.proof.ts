/** Proves the units: systemd takes them as they are and scores them low, and the poller does its work under the limits that they name. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { describe, requestsFromUs, startCapture } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { startPoller } from "./support/poller.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite } from "./support/site.ts";
import { waitFor } from "./support/wait.ts";

const units = fileURLToPath(new URL("../../deploy/systemd", import.meta.url));
const names = ["watchkeeper.service", "watchkeeper-notify.service", "watchkeeper-fence.service"] as const;
const confine = fileURLToPath(new URL("support/confine.py", import.meta.url));
const exposureMax = 2;
const plc = "192.0.2.10";
/** Nobody's on this machine. */
const account = 64_123;

function analyze(...argv: readonly string[]): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", argv, { encoding: "utf8" });
  return { code: status, said: `${stdout}${stderr}` };
}

/** A root with the units in it and something to run at each place that they name; the plan's drop-in beside it. */
function rootWith(folder: string, dropIn: string): string {
  const root = join(folder, "root");
  const put = (file: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text, { mode });
  };
  for (const name of names) {
    const text = readFileSync(join(units, name), "utf8");
    put(`etc/systemd/system/${name}`, text);
    for (const [, program = ""] of text.matchAll(/^Exec\w+=(\/\S+)/gmu)) put(program, "#!/bin/sh\n", 0o755);
  }
  for (const target of ["network", "multi-user", "sysinit", "basic", "shutdown"])
    put(`usr/lib/systemd/system/${target}.target`, "[Unit]\n");
  put("etc/systemd/system/watchkeeper.service.d/plan.conf", dropIn);
  return root;
}

function chownAll(folder: string): void {
  for (const file of [folder, ...globSync("**", { cwd: folder }).map((one) => join(folder, one))]) chownSync(file, account, account);
}

/** Puts a command under the unit's limits; it sees the site at /mnt/site. */
function confined(folder: string, stateDir: string, command: readonly string[]): readonly string[] {
  const script = ["/usr/bin/python3", confine, join(units, names[0]), String(account), folder, stateDir];
  const words = command.map((word) => word.replace(folder, "/mnt/site"));
  return ["unshare", "--mount", "--propagation", "private", "--", ...script, "--", ...words];
}

/** As root from outside, within the mounts of the process: only a mount that is read-only refuses that. */
function writable(pid: number, file: string): string {
  const { status, stderr } = spawnSync("nsenter", ["--target", String(pid), "--mount", "--", "/bin/sh", "-c", `echo >> ${file}`], {
    encoding: "utf8",
  });
  return status === 0 ? "yes" : (/Read-only file system|Permission denied|No such file/u.exec(stderr)?.[0] ?? stderr);
}

function statusOf(pid: number): ReadonlyMap<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, "utf8").split("\n");
  return new Map(lines.map((line): [string, string] => [line.split(":")[0] ?? "", line.slice(line.indexOf(":") + 1).trim()]));
}

test("systemd takes the units and the plan's drop-in as they are, and the poller works under their limits, with no right and nothing to write but its state", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plc", address: plc },
    ],
  });
  const [site] = await Promise.all([
    makeSite(network, { devices: [{ id: "plc", address: plc }] }),
    startSimulated(network, "plc", { [plc]: "healthy" }),
  ]);
  const dropIn = await site.done("fence", "print", "--format", "systemd", "--also", "192.0.2.200");
  assert.match(dropIn, /^IPAddressDeny=any\nIPAddressAllow=localhost\nIPAddressAllow=192\.0\.2\.10\nIPAddressAllow=192\.0\.2\.200$/mu);
  judgedBySystemd(rootWith(network.folder, dropIn));

  chownAll(site.folder);
  const capture = await startCapture(network, "poller");
  const poller = startPoller(network, "poller", confined(site.folder, site.stateDir, site.command("run")));
  await poller.started();
  const status = statusOf(poller.pid);
  const powers = ["Uid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"].map((key) => status.get(key));
  const none = "0000000000000000";
  assert.deepEqual(powers, [Array(4).fill(account).join("\t"), "", none, none, none, none, none, "1", "2"]);
  const places = [
    "/mnt/site/watchlist.yaml",
    "/mnt/site/device-profiles/x",
    "/usr/x",
    "/etc/x",
    "/var/lib/x",
    "/mnt/site/state/x",
    "/tmp/x",
  ];
  const ro = "Read-only file system";
  assert.deepEqual(
    places.map((place) => writable(poller.pid, place)),
    [ro, ro, ro, ro, ro, "yes", "yes"],
  );
  poller.signal("SIGHUP");
  await waitFor(() => poller.log.some((line) => line.includes("reload")), { what: "the reload", deadlineMs: 60_000, context: poller.said });
  await nextAnswers(site, { what: "the device to answer", deadlineMs: 60_000, devices: ["plc"] });
  assert.equal(await poller.end(), 0, poller.said());
  const requests = requestsFromUs(await capture.stop());
  assert.ok(requests.length >= 1, describe(requests));
});

function judgedBySystemd(root: string): void {
  for (const name of names) {
    assert.deepEqual(analyze("verify", `--root=${root}`, "--man=no", name), { code: 0, said: "" }, name);
    const scored = analyze("security", "--offline=yes", `--root=${root}`, "--no-pager", name).said;
    const exposure = Number(/Overall exposure level for [\w.-]+: (\d+\.\d)/u.exec(scored)?.[1]);
    assert.ok(exposure <= exposureMax, `${name}: ${scored}`);
  }
  // The check is not blind to a drop-in.
  writeFileSync(join(root, "etc/systemd/system/watchkeeper.service.d/plan.conf"), "[Service]\nIPAddressAllow=plc\n");
  assert.match(analyze("verify", `--root=${root}`, "--man=no", names[0]).said, /plan\.conf:2: .*plc/u);
}

test("what the limits forbid is refused: raw sockets, a namespace of mounts, another user, devices, other processes", async () => {
  await using network = await makeNetwork({ hosts: [{ name: "poller", address: "192.0.2.1" }] });
  const [site, state] = [join(network.folder, "site"), join(network.folder, "site/state")];
  mkdirSync(state, { recursive: true });
  chownAll(site);
  const tries = [
    "socket.socket(socket.AF_INET, socket.SOCK_STREAM); os.listdir('/mnt/site/state'); open('/dev/null')",
    "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "if ctypes.CDLL(None, use_errno=True).unshare(0x00020000) != 0: raise OSError(ctypes.get_errno(), 'unshare')",
    "os.setuid(0)",
    "open('/dev/mem')",
    "open('/proc/1/status')",
    "open('/mnt/site/x', 'w')",
  ].map(
    (line) => `try:\n  ${line.replace("if ", "\n  if ")}\n  print('done')\nexcept OSError as error: print(errno.errorcode[error.errno])`,
  );
  const argv = confined(site, state, ["/usr/bin/python3", "-c", ["import ctypes, errno, os, socket", ...tries].join("\n")]);
  const seen = (await network.run("poller", argv)).trim().split("\n");
  assert.deepEqual(seen, ["done", "EPERM", "ENOSYS", "ENOSYS", "EPERM", "ENOENT", "ENOENT", "EROFS"]);
});
