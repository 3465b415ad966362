/** A serial line: a pseudo terminal joined to a server of raw RTU frames, with socat as the witness of every byte that passes. */
import { waitFor } from "./wait.ts";
import type { Network } from "./netns.ts";

export interface SerialLine {
  /** The device file of the poller's end. */
  readonly device: string;
  /** What has passed so far, in order. */
  passed(): readonly Passed[];
}

export interface Passed {
  readonly from: "poller" | "slaves";
  readonly hex: string;
}

/** `address` and `port`: of the server that plays the slaves. Ends with the network. */
export async function startSerialLine(network: Network, host: string, address: string, port: number): Promise<SerialLine> {
  const socat = network.exec(host, ["socat", "-d", "-d", "-x", "pty,raw,echo=0", `tcp:${address}:${port},nodelay`]);
  let said = "";
  socat.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const device = (): string | undefined => /PTY is (\/dev\/pts\/\d+)/u.exec(said)?.[1];
  await waitFor(() => device() !== undefined && said.includes("starting data transfer"), {
    what: "socat to join the line",
    deadlineMs: 60_000,
    context: () => said,
  });
  return {
    device: device()!,
    // `> 2026/11/21 23:00:00.000123  length=8 from=0 to=7`, and the bytes on the lines that follow.
    passed: () =>
      [...said.matchAll(/^([<>]) [^\n]*length=\d+[^\n]*\n((?: [0-9a-f ]+\n?)+)/gmu)].map(([, way, bytes]) => ({
        from: way === ">" ? "poller" : "slaves",
        hex: bytes!.replaceAll(/\s/gu, ""),
      })),
  };
}
