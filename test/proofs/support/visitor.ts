/**
 * Asks the poller's web server from inside its host, many times over. Argument: the address, such as 127.0.0.1:9824. Each line of JSON on its
 * stdin is {"method", "path", "times", "atOnce"}; when they are all answered it prints {"event":"visited","statuses":{"200":1000},"body"}.
 */
import { once } from "node:events";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";

const [host = "", port = ""] = (process.argv[2] ?? "").split(":");

interface Visits {
  readonly method: string;
  readonly path: string;
  readonly times: number;
  readonly atOnce: number;
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ event: "visited", ...(await visit(JSON.parse(line) as Visits)) }));
}

async function visit({
  method,
  path,
  times,
  atOnce,
}: Visits): Promise<{ readonly statuses: Record<number, number>; readonly body: string }> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const statuses: Record<number, number> = {};
  let body = "";
  let left = times;
  const visitor = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const sent = request({ host, port: Number(port), method, path, agent }).end();
      const [response] = (await once(sent, "response")) as [AsyncIterable<Buffer> & { readonly statusCode: number }];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      body = Buffer.concat(chunks).toString("utf8");
      statuses[response.statusCode] = (statuses[response.statusCode] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, visitor));
  agent.destroy();
  return { statuses, body };
}
