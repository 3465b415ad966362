/** The system's ping: where it is, how it is called, and what its last words mean. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";

/** Looked for once, by absolute path: no search path decides what runs with a capability. */
export function findPing(): string | undefined {
  return ["/usr/bin/ping", "/bin/ping"].find((path) => existsSync(path));
}

export interface PingCall {
  readonly path: string;
  /** A literal address. */
  readonly address: string;
  readonly localAddress?: string;
  readonly payloadBytes: number;
  /** How long it waits by itself; whoever started it ends it earlier. */
  readonly waitSeconds: number;
}

/** `-c 1` sends one packet; `-w` is never given, because with it `-c 1` sends four to a host that is dead (measured). */
export function pingArguments({ address, localAddress, payloadBytes, waitSeconds }: PingCall): readonly string[] {
  const from = localAddress === undefined ? [] : ["-I", localAddress];
  return ["-n", "-q", "-c", "1", "-W", String(waitSeconds), "-s", String(payloadBytes), ...from, "--", address];
}

export type PingResult =
  | { readonly is: "answered" }
  | { readonly is: "silent" }
  /** A router, or this machine in want of a neighbour, says that it cannot be reached. */
  | { readonly is: "unreachable" }
  /** Nothing left, or nobody knows: a matter of this machine. */
  | { readonly is: "unable"; readonly detail: string };

const outputCharactersMax = 4096;

/** One ping; `ended` always resolves, once the process is gone. */
export interface RunningPing {
  readonly ended: Promise<PingResult>;
  /** Ends it at once. A packet that has left has left. */
  kill(): void;
}

/** No shell, no input, an environment of one word: its texts are to be English. */
export function startPing(call: PingCall): RunningPing {
  const { promise, resolve } = Promise.withResolvers<PingResult>();
  let child: ChildProcess;
  try {
    child = spawn(call.path, [...pingArguments(call)], { cwd: "/", env: { LC_ALL: "C" }, shell: false, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    // Out of memory or of file descriptors.
    if (!(error instanceof Error && "code" in error)) throw error;
    return { ended: Promise.resolve({ is: "unable", detail: `${call.path} could not be started (${error.message})` }), kill: () => {} };
  }
  let [said, complained] = ["", ""];
  child.stdout?.setEncoding("latin1").on("data", (text: string) => (said = (said + text).slice(0, outputCharactersMax)));
  child.stderr?.setEncoding("latin1").on("data", (text: string) => (complained = (complained + text).slice(0, outputCharactersMax)));
  child.once("error", (error) => resolve({ is: "unable", detail: `${call.path} could not be started (${error.message})` }));
  child.once("close", (code) => resolve(meaningOf(code, said, complained)));
  return { ended: promise, kill: () => void child.kill("SIGKILL") };
}

const summary = /^(\d+) packets? transmitted, (\d+) (?:packets )?received,(?: \+(\d+) errors,)?/mu;

/** What iputils' ping and busybox's say at their end; code 0: answered, 1: not answered, others: it could not. */
export function meaningOf(code: number | null, said: string, complained: string): PingResult {
  const [, transmitted, received, errors] = summary.exec(said) ?? [];
  if (code === 0 && transmitted === "1" && received === "1") return { is: "answered" };
  if (code === 1 && transmitted === "1" && received === "0") return errors === undefined ? { is: "silent" } : { is: "unreachable" };
  if (/not permitted|denied/iu.test(complained)) return { is: "unable", detail: `ping has no permission to send: ${permissionHint}` };
  const words = oneLine(complained) || oneLine(said) || "it said nothing";
  return { is: "unable", detail: `ping ended with code ${code ?? "none, killed"}: ${words}` };
}

/** What a person does about it. */
export const permissionHint: string =
  "let this account's group use ICMP sockets (sysctl net.ipv4.ping_group_range='<gid> <gid>'), or give the file its capability back " +
  "(setcap cap_net_raw+ep /usr/bin/ping); the latter does nothing where the service runs with NoNewPrivileges, " +
  "because the kernel then grants no file's capability";

function oneLine(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+/gu, " ")
    .trim()
    .slice(0, 200);
}

export type PingCapability = { readonly available: true; readonly path: string } | { readonly available: false; readonly problem: string };

/** Whether this account can ping at all, found out on this machine's own loopback; for self-tests. At most about a second. */
export async function pingCapability(path: string | undefined = findPing()): Promise<PingCapability> {
  if (path === undefined) return { available: false, problem: noPing };
  const result = await startPing({ path, address: "127.0.0.1", payloadBytes: 8, waitSeconds: 1 }).ended;
  if (result.is === "answered") return { available: true, path };
  const problem = result.is === "unable" ? result.detail : `a ping of this machine's own 127.0.0.1 was not answered (${result.is})`;
  return { available: false, problem };
}

export const noPing = "neither /usr/bin/ping nor /bin/ping is there: install ping (Debian: iputils-ping)";
