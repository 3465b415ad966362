/** Takes whatever is posted to it, inside a host. Argument: address and port, such as 127.0.0.1:9095. Prints {"event":"posted","body"} for each. */
import { createServer } from "node:http";

const [host = "", port = ""] = (process.argv[2] ?? "").split(":");
const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => (body += text));
  request.on("end", () => {
    console.log(JSON.stringify({ event: "posted", body }));
    response.end();
  });
});
server.listen(Number(port), host, () => console.log(JSON.stringify({ event: "listening" })));
