/**
 * A name server inside a host, that knows a few names (RFC 1035; A records over UDP). Argument: JSON {"address", "names": {"mail.ship.example":
 * "198.51.100.25"}}. Prints {"event":"listening"}, then {"event":"asked","name","from"} for each question.
 */
import { createSocket } from "node:dgram";

const { address, names } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly address: string;
  readonly names: Readonly<Record<string, string>>;
};
const typeA = 1;
/** Response, authoritative, recursion wanted and available; without an error, and for a name that there is not. */
const [answered, noSuchName] = [0x8580, 0x8583];

const socket = createSocket("udp4");
socket.on("message", (query, { address: from, port }) => {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at++] ?? 0; length > 0; length = query[at++] ?? 0) {
    labels.push(query.toString("latin1", at, at + length));
    at += length;
  }
  const name = labels.join(".").toLowerCase();
  console.log(JSON.stringify({ event: "asked", name, from }));
  const known = names[name];
  const found = query.readUInt16BE(at) === typeA ? known : undefined;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(known === undefined ? noSuchName : answered, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found === undefined ? 0 : 1, 6);
  const record = found === undefined ? "" : `c00c00010001000000000004${Buffer.from(found.split(".").map(Number)).toString("hex")}`;
  socket.send(Buffer.concat([header, query.subarray(12, at + 4), Buffer.from(record, "hex")]), port, from);
});
socket.bind(53, address, () => console.log(JSON.stringify({ event: "listening" })));
