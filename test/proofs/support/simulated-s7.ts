/** Starts S7 CPUs inside a host of the network, on port 102: simulated ones, and the snap7 project's own server. */
import { fileURLToPath } from "node:url";
import type { S7Behaviour } from "../../../simulators/s7/device.ts";
import type { Network } from "./netns.ts";
import { runUnder, type Script } from "./run-under.ts";
import { waitFor } from "./wait.ts";

const port = 102;

/** By address, one of the host's own. The script says "asked" with the address for every request that reached a CPU. */
export async function startSimulatedS7(network: Network, host: string, behaviours: Readonly<Record<string, S7Behaviour>>): Promise<Script> {
  const options = Object.entries(behaviours).map(([address, behaviour]) => ({ host: address, port, behaviour }));
  const script = runUnder(network, host, new URL("simulated-s7-devices.ts", import.meta.url), { args: [JSON.stringify(options)] });
  await script.next("listening", 60_000);
  return script;
}

export interface S7Server {
  /** `stop`, `run` or `count`; resolves once it is done. */
  tell(command: "stop" | "run" | "count"): Promise<void>;
}

/** A server that nobody here wrote. It ends with the network. */
export async function startS7Server(network: Network, host: string, address: string): Promise<S7Server> {
  const program = fileURLToPath(new URL("../../../simulators/s7/server.ts", import.meta.url));
  const child = network.exec(host, [process.execPath, program, address, String(port)], {});
  let [said, complaints] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const lines = (word: string): number => said.split("\n").filter((line) => line === word).length;
  const until = (word: string, times: number): Promise<unknown> =>
    waitFor(() => lines(word) >= times, { what: `the S7 server to say ${word}`, deadlineMs: 60_000, context: () => complaints });
  await until("ready", 1);
  return {
    async tell(command) {
      const before = lines(command);
      child.stdin.write(`${command}\n`);
      await until(command, before + 1);
    },
  };
}
