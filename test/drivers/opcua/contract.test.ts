/** The OPC UA driver under the contract of all drivers, once for each method that needs no real server. */
import { opcuaDriverFrom } from "../../../src/drivers/opcua/driver.ts";
import { opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { opcuaCheck } from "../../support/opcua-checks.ts";
import { opcuaReply } from "../../support/opcua-replies.ts";
import { driverContract, type Subject } from "../contract.ts";

/** A healthy server but for its answers to one kind of message. */
function only(matches: (request: string) => boolean, cases: Subject["garbage"]): Subject["garbage"] {
  return cases.map(([what, reply]) => [what, (request) => (matches(request) ? reply(request) : opcuaReply(request))]);
}
const isHello = (request: string): boolean => request.startsWith("48454c");
const isOpen = (request: string): boolean => request.startsWith("4f504e");
const asks =
  (typeId: number) =>
  (request: string): boolean =>
    request.slice(52, 56) === Buffer.of(typeId & 255, typeId >> 8).toString("hex") && request.startsWith("4d5347");

const opcuaReplyOf =
  (typeId: number) =>
  (request: string): string =>
    opcuaReply(request, { typeId });

const anything: Subject["garbage"] = [
  ["noise", () => "deadbeefdeadbeefdeadbeef"],
  ["a web server's answer", () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n").toString("hex")],
  ["a chunk of 2 GB", () => "4d53474600000080"],
  ["its own question", (request) => request],
  ["the answer twice", (request) => opcuaReply(request).repeat(2)],
];
const inChannel: Subject["garbage"] = [
  ...anything,
  ["an empty body", (request) => `4d53474618000000${request.slice(16, 48)}`],
  ["another answer's type", (request) => opcuaReply(request, { typeId: 634 })],
  ["a type that there is not", (request) => opcuaReply(request, { typeId: 64_999 })],
  ["a body that ends in the middle", (request) => opcuaReply(request, { cut: 7 })],
];

driverContract({
  name: "opcua-hello",
  driver: opcuaDriverFrom(),
  policy: opcuaPolicy,
  check: (port, connection) => opcuaCheck({ method: "opcua-hello", port, connection }),
  reply: (request) => opcuaReply(request),
  garbage: [...anything, ["an ACK with a buffer of 100 bytes", () => `41434b461c0000000000000064000000640000000000000000000000`]],
});

driverContract({
  name: "opcua-keepalive",
  driver: opcuaDriverFrom(),
  policy: opcuaPolicy,
  check: (port, connection) => opcuaCheck({ method: "opcua-keepalive", port, connection }),
  reply: (request) => opcuaReply(request),
  garbage: [
    ...only(isHello, anything),
    ...only(isOpen, anything),
    ...only(asks(461), inChannel),
    ...only(asks(467), inChannel),
    ...only(asks(787), inChannel),
    ...only(asks(826), inChannel),
  ],
});

driverContract({
  name: "opcua-read",
  driver: opcuaDriverFrom(),
  policy: opcuaPolicy,
  check: (port, connection) => opcuaCheck({ method: "opcua-read", port, connection }),
  reply: (request) => opcuaReply(request),
  garbage: [
    ...only(asks(461), inChannel),
    ...only(asks(467), inChannel),
    ...only(asks(631), [
      ...inChannel.filter(([what]) => !what.startsWith("another answer")),
      ["a Publish answer", (request) => opcuaReply(request, { typeId: 829 })],
    ]),
  ],
});

driverContract({
  name: "opcua-server of a deep query",
  driver: opcuaDriverFrom(),
  policy: opcuaPolicy,
  check: (port, connection) => opcuaCheck({ method: "opcua-read", port, connection, input: { deep: { read: "opcua-server" } } }),
  reply: (request) => opcuaReply(request),
  garbage: only(
    asks(631),
    inChannel.map(([what, reply]) => [what, what.startsWith("another answer") ? opcuaReplyOf(829) : reply]),
  ),
});

driverContract({
  name: "opcua-get-endpoints",
  driver: opcuaDriverFrom(),
  policy: opcuaPolicy,
  check: (port, connection) => opcuaCheck({ method: "opcua-get-endpoints", port, connection }),
  reply: (request) => opcuaReply(request),
  garbage: [...only(isHello, anything), ...only(isOpen, anything), ...only(asks(428), inChannel)],
});
