/** A web server at the sockets that its parent handed over, as systemd does; prints where it listens. */
import { startWeb } from "../../../src/exporters/http.ts";
import { openAccess } from "./open-access.ts";
import { smallSite } from "./small-site.ts";

const { board, page, clock } = await smallSite();
const { LISTEN_PID, LISTEN_FDS } = process.env;
const server = await startWeb({
  listen: [{ systemd: true }],
  access: openAccess(),
  activation: { LISTEN_PID, LISTEN_FDS, pid: process.pid, ppid: process.ppid },
  answered: () => Promise.resolve(false),
  board,
  clock,
  page,
  version: "",
  yieldToLoop: () => Promise.resolve(),
  bug: (error) => console.error(error),
  actions: {
    notReady: () => undefined,
    reload: () => Promise.resolve([]),
    restartFor: () => [],
    stop: () => undefined,
    settings: () => ({}),
  },
});
console.log(JSON.stringify("problem" in server ? server.problem : server.addresses));
