/** The EtherNet/IP driver over TCP under the contract of all drivers, once for each method, and for a slot of the backplane. */
import { enipDriverFrom } from "../../../src/drivers/enip/driver.ts";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";
import { enbtIdentity, enbtItem, enipCheck, enipReply, healthyReply, sessionHandle, unconnected } from "../../support/enip-checks.ts";
import { driverContract, type Subject } from "../contract.ts";

type Garbage = Subject["garbage"];

/** A healthy device but for its answers to one command. */
function only(command: string, cases: Garbage): Garbage {
  return cases.map(([what, reply]) => [what, (request) => (request.startsWith(command) ? reply(request) : (healthyReply(request) ?? ""))]);
}

const otherContext = (reply: string): string => `${reply.slice(0, 32)}ffffffff${reply.slice(40)}`;

const anywhere: Garbage = [
  ["noise", () => "deadbeefdeadbeefdeadbeef"],
  ["a web server's answer", () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n").toString("hex")],
  ["an answer to another request", (request) => otherContext(healthyReply(request)!)],
  ["a length of 65535", (request) => `${request.slice(0, 4)}ffff${healthyReply(request)!.slice(8)}`],
  ["options that are not zero", (request) => `${healthyReply(request)!.slice(0, 40)}01000000${healthyReply(request)!.slice(48)}`],
  ["the answer twice", (request) => healthyReply(request)!.repeat(2)],
  ["its own question without its context", (request) => otherContext(request)],
];

/** Answers to a question for an identity from which none is to be read. */
const noIdentity: Garbage = [
  ...anywhere,
  ["an answer to another command", (request) => `6300${healthyReply(request)!.slice(4)}`],
  ["an answer within another session", (request) => enipReply(request, unconnected(`81000000${enbtIdentity}`), { session: "01000000" })],
  ["an empty body", (request) => enipReply(request, "")],
  ["no items", (request) => enipReply(request, "00000000 0000 0000")],
  ["an answer to another service", (request) => enipReply(request, unconnected(`8e000000${enbtIdentity}`))],
  ["an identity that ends in the middle", (request) => enipReply(request, unconnected(`81000000${enbtIdentity.slice(0, -2)}`))],
];

driverContract({
  name: "enip-list-identity over TCP",
  driver: enipDriverFrom(0),
  policy: enipPolicy,
  check: (port, connection) => enipCheck({ method: "enip-list-identity", transport: "tcp", port, connection }),
  reply: (request) => healthyReply(request) ?? "",
  garbage: [
    ...anywhere,
    ["an answer to another command", (request) => `6500${healthyReply(request)!.slice(4)}`],
    ["no item", (request) => enipReply(request, "0000")],
    ["two items counted and one sent", (request) => enipReply(request, `0200${enbtItem}`)],
    ["an item that ends in the middle", (request) => enipReply(request, `0100${enbtItem.slice(0, -2)}`)],
    ["bytes behind the item", (request) => enipReply(request, `0100${enbtItem}00`)],
    ["the longest frame there is, full of zeros", (request) => enipReply(request, "00".repeat(520))],
  ],
});

driverContract({
  name: "enip-identity-object",
  driver: enipDriverFrom(0),
  policy: enipPolicy,
  check: (port, connection) => enipCheck({ method: "enip-identity-object", port, connection }),
  reply: (request) => healthyReply(request) ?? "",
  garbage: [
    ...only("6500", [
      ["noise for a session", () => "deadbeefdeadbeefdeadbeef"],
      ["a session of another version", (request) => enipReply(request, "02000000", { session: sessionHandle })],
      ["a session without a handle", (request) => enipReply(request, "01000000")],
      ["another's session", (request) => otherContext(healthyReply(request)!)],
    ]),
    ...only("6f00", [...noIdentity]),
  ],
});

driverContract({
  name: "enip-identity-object of a slot",
  driver: enipDriverFrom(0),
  policy: enipPolicy,
  check: (port, connection) => enipCheck({ method: "enip-identity-object", port, connection, deep: { read: "enip-slots", number: 3 } }),
  reply: (request) => healthyReply(request) ?? "",
  garbage: [
    ...only("6f00", [
      ...noIdentity,
      ["a success of Unconnected_Send itself", (request) => enipReply(request, unconnected(`d2000000${enbtIdentity}`))],
      ["an error with more of a route left than there can be", (request) => enipReply(request, unconnected("d2000500010203"))],
    ]),
  ],
});
