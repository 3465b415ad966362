/** Captures what really passes an interface of a host, and hands it over complete: a proof that misses packets proves nothing. */
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { dissect } from "./dissect.ts";
import type { Network } from "./netns.ts";
import type { Packet } from "./packets.ts";
import { waitFor } from "./wait.ts";

export * from "./packets.ts";

export interface CaptureOptions {
  /** Interface of the host; "eth0" unless said otherwise. On "lo", traffic to the host itself is seen. */
  readonly interfaceName?: string;
  /** Addresses whose packets count as ours; the host's own unless said otherwise, for instance when capturing at a device. */
  readonly us?: readonly string[];
  /** tshark rules such as "tcp.port==10502,mbtcp", for protocols on other than their own ports. */
  readonly decodeAs?: readonly string[];
}

export interface Capture {
  /** Of tcpdump. */
  readonly pid: number;
  /** Where it is written, as pcap; whole once stop() has resolved. */
  readonly file: string;
  /** How many frames were captured so far; settles first, as stop() does. */
  count(): Promise<number>;
  /**
   * Everything that passed until now. Packets a process sent before this call are included: the kernel hands a packet to the capture
   * before it hands it to the wire, and the end waits until tcpdump has written all it was handed. Throws when any was lost.
   */
  stop(): Promise<readonly Packet[]>;
}

interface Statistics {
  readonly captured: number;
  readonly received: number;
  readonly dropped: number;
}

const reportPattern = /(\d+) packets? captured\D+(\d+) packets? received by filter\D+(\d+) packets? dropped by kernel/g;
/** Generous, as everywhere here: met at once, it costs nothing, and a busy machine is no failure. */
const deadlineMs = 60_000;
/**
 * Bytes kept of a frame: more than an Ethernet frame has, or the loopback interface's 64 KB. In immediate mode the kernel's buffer has room
 * for one frame of this size after the other, however small they are, so a generous size would mean a short buffer.
 */
const frameBytesMax = { ethernet: 2048, loopback: 65_600 } as const;
const bufferKiB = 32 * 1024;

/** Starts tcpdump in the host; resolves once it says that it listens, so that nothing sent afterwards is missed. */
export async function startCapture(network: Network, host: string, options: CaptureOptions = {}): Promise<Capture> {
  const { interfaceName = "eth0", us = network.addresses(host), decodeAs = [] } = options;
  const folder = await mkdtemp(join(network.folder, "capture-"));
  const file = join(folder, "wire.pcap"); // Debian's AppArmor profile lets tcpdump write to *.pcap only
  const size = ["-s", String(interfaceName === "lo" ? frameBytesMax.loopback : frameBytesMax.ethernet), "-B", String(bufferKiB)];
  const settings = ["-n", "-U", "--immediate-mode", "--time-stamp-precision=nano", "-Z", "root", ...size];
  const tcpdump = network.exec(host, ["tcpdump", ...settings, "-i", interfaceName, "-w", file]);
  tcpdump.stdout.resume();
  let said = "";
  tcpdump.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const alive = (): boolean => tcpdump.exitCode === null && tcpdump.signalCode === null;
  const wait = <T>(what: string, probe: () => T): Promise<unknown> => {
    const aliveProbe = (): T => {
      if (!alive()) throw new Error(`tcpdump ended while waiting for ${what}: ${said}`);
      return probe();
    };
    return waitFor(aliveProbe, { what, deadlineMs, everyMs: 2, context: () => said });
  };

  /** Asks tcpdump for its counts until what it wrote is all the kernel handed to it. */
  const settle = async (): Promise<Statistics> => {
    for (;;) {
      const reportsBefore = reports(said).length;
      tcpdump.kill("SIGUSR1");
      await wait("tcpdump's counts", () => reports(said).length > reportsBefore);
      const latest = reports(said).at(-1);
      if (latest !== undefined && latest.captured + latest.dropped >= latest.received) return latest;
    }
  };

  await wait("tcpdump to listen", () => said.includes("listening on"));
  return {
    pid: tcpdump.pid ?? 0,
    file,
    count: async () => (await settle()).captured,
    stop: async () => {
      const { captured, dropped } = await settle();
      tcpdump.kill("SIGINT");
      if (alive()) await once(tcpdump, "exit");
      const packets = await dissect(file, folder, new Set(us), decodeAs);
      if (dropped > 0 || packets.length < captured) {
        throw new Error(`the capture is not complete: ${captured} captured, ${packets.length} readable, ${dropped} dropped by the kernel`);
      }
      return packets;
    },
  };
}

function reports(said: string): readonly Statistics[] {
  return [...said.matchAll(reportPattern)].map(([, captured, received, dropped]) => ({
    captured: Number(captured),
    received: Number(received),
    dropped: Number(dropped),
  }));
}
