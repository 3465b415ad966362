/** An address whose SYNs are dropped: a process that listens, stands still, and has a full queue of connections nobody accepts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

const program = `
const server = require("node:net").createServer((socket) => { socket.on("error", () => {}); console.log("accepted"); });
server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => console.log(server.address().port));
`;

export interface DeafListener {
  readonly port: number;
  /** Lets it hear again; resolves with the number of connections it then finds, ours of the queue not counted. */
  wake(): Promise<number>;
  close(): Promise<void>;
}

/** The queue takes one more than its size. */
const queueSize = 2;

export async function startDeafListener(): Promise<DeafListener> {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(first.toString());
  child.kill("SIGSTOP");
  const fillers = await Promise.all(
    Array.from({ length: queueSize }, async () => {
      const filler = connect({ host: "127.0.0.1", port });
      await once(filler, "connect");
      return filler;
    }),
  );
  let accepted = 0;
  child.stdout.on("data", (chunk: Buffer) => (accepted += chunk.toString().split("accepted").length - 1));
  return {
    port,
    async wake() {
      child.kill("SIGCONT");
      while (accepted < queueSize) await once(child.stdout, "data");
      // It accepts in order: when this one is in, everything before it would be.
      const last = connect({ host: "127.0.0.1", port });
      await once(last, "connect");
      while (accepted < queueSize + 1) await once(child.stdout, "data");
      last.destroy();
      return accepted - queueSize - 1;
    },
    async close() {
      for (const filler of fillers) filler.on("error", () => {}).destroy();
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
