/** Sends an exact number of UDP datagrams, as fast as they go, and ends. Arguments: address, port, count. Prints {"event":"sent","count"}. */
import { createSocket } from "node:dgram";

const [address = "", port = "", count = ""] = process.argv.slice(2);
const socket = createSocket("udp4");
socket.on("error", () => undefined); // the peer's "port unreachable" is expected: nobody listens there
let sent = 0;

function sendNext(): void {
  if (sent === Number(count)) {
    console.log(JSON.stringify({ event: "sent", count: sent }));
    socket.close();
    return;
  }
  sent += 1;
  socket.send(`datagram ${sent}`, Number(port), address, sendNext);
}

sendNext();
