/**
 * The snap7 project's own S7 server (a CPU 315-2 PN/DP) in a process of its own, which it may crash: RUN or STOP, and a data block that counts.
 *
 * `node simulators/s7/server.ts <address> <port>`; on its standard input it takes `stop`, `run` and `count`, and says `ready`, `stop`, `run`
 * and `count` once each is done. It ends with its input.
 */
import { createInterface } from "node:readline";

const [address = "127.0.0.1", port = "10102"] = process.argv.slice(2);
const [run, stop] = [8, 4];
const { default: snap7 } = await import("node-snap7");
const server = new snap7.S7Server();
const block = Buffer.alloc(16);
server.SetParam(server.LocalPort, Number(port));
server.RegisterArea(server.srvAreaDB, 1, block);
if (!server.StartTo(address)) throw new Error(`the S7 server cannot listen on ${address}:${port}: ${server.ErrorText(server.LastError())}`);
server.SetCpuStatus(run);
process.stdout.write("ready\n");

for await (const line of createInterface({ input: process.stdin })) {
  switch (line.trim()) {
    case "stop":
      server.SetCpuStatus(stop);
      break;
    case "run":
      server.SetCpuStatus(run);
      break;
    case "count":
      block.writeUInt16BE((block.readUInt16BE(0) + 1) & 0xffff, 0);
      server.SetArea(server.srvAreaDB, 1, block);
      break;
    default:
      throw new Error(`"${line}": expected stop, run or count`);
  }
  process.stdout.write(`${line.trim()}\n`);
}
server.Stop();
