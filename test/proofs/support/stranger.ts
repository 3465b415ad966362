/**
 * A program that is not the poller and tries what no plan allows. Argument: JSON list of attempts, made one after the other; each ends at
 * its answer, an error, or when its patience is over. Prints one line of JSON: for each attempt the hexadecimal answer, or how it ended.
 */
import { createSocket } from "node:dgram";
import { connect } from "node:net";

export interface Attempt {
  readonly over: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  readonly hex: string;
  /** For a connection, and then for an answer; a second unless said otherwise. */
  readonly patienceMs?: number;
}

const attempts = JSON.parse(process.argv[2] ?? "[]") as readonly Attempt[];
const patienceUsualMs = 1000;

function overTcp({ address, port, hex, patienceMs = patienceUsualMs }: Attempt): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, noDelay: true });
    let last = "no connection";
    const done = (how: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(how);
    };
    const timer = setTimeout(() => done(last), patienceMs);
    socket.once("connect", () => {
      timer.refresh();
      last = "connected, no answer";
      socket.write(Buffer.from(hex, "hex"));
    });
    socket.once("data", (chunk) => done(chunk.toString("hex")));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}

function overUdp({ address, port, hex, patienceMs = patienceUsualMs }: Attempt): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const done = (how: string): void => {
      clearTimeout(timer);
      socket.close();
      resolve(how);
    };
    const timer = setTimeout(() => done("no answer"), patienceMs);
    socket.once("message", (chunk) => done(chunk.toString("hex")));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    socket.bind(() => {
      socket.setBroadcast(true);
      socket.send(Buffer.from(hex, "hex"), port, address, (error) => error && done((error as NodeJS.ErrnoException).code ?? error.message));
    });
  });
}

const outcomes: string[] = [];
for (const attempt of attempts) outcomes.push(await (attempt.over === "tcp" ? overTcp(attempt) : overUdp(attempt)));
console.log(JSON.stringify(outcomes));
