/** Makes a network with a process in it and never disposes of it: what a crashed or killed proof leaves behind. */
import { makeNetwork } from "./netns.ts";

const network = await makeNetwork({ hosts: [{ name: "poller", address: "192.0.2.1" }] });
const sleeper = network.exec("poller", ["sleep", "600"]);
console.log(JSON.stringify({ namespace: network.namespace("poller"), folder: network.folder, sleeperPid: sleeper.pid }));
