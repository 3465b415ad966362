/** A web server at the sockets that its parent handed over, as systemd does; prints where it listens. */
import { startWeb } from "../../../src/exporters/http.ts";
import { quietWeb } from "./quiet-web.ts";

const { LISTEN_PID, LISTEN_FDS } = process.env;
const server = await startWeb({
  ...(await quietWeb()),
  listen: [{ systemd: true }],
  activation: { LISTEN_PID, LISTEN_FDS, pid: process.pid, ppid: process.ppid },
  bug: (error) => console.error(error),
});
console.log(JSON.stringify("problem" in server ? server.problem : server.addresses));
