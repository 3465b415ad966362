/** The S7 driver under the contract of all drivers: each method, with the real process of node-snap7. */
import { after, before } from "node:test";
import type { S7Conversation, S7Helper } from "../../../src/domain/s7.ts";
import { s7DriverFrom } from "../../../src/drivers/s7/driver.ts";
import { s7Policy } from "../../../src/wire/frames/s7.ts";
import type { S7Child } from "../../../src/wire/s7-child.ts";
import { healthyS7Reply, s7Check, withReference } from "../../support/s7-checks.ts";
import { startedS7Child } from "../../support/s7-real.ts";
import { driverContract, type Subject } from "../contract.ts";

let child: S7Child;
before(async () => void (child = await startedS7Child()));
after(() => child.close());

const helper: S7Helper = {
  prepare: () => child.prepare(),
  unavailable: () => child.unavailable(),
  converse: (heard): S7Conversation => child.converse(heard),
};

type Garbage = Subject["garbage"];

const isConnect = (request: string): boolean => request.slice(10, 12) === "e0";
const isSetup = (request: string): boolean => request.slice(34, 36) === "f0";
const put = (frame: string, at: number, bytes: string): string => `${frame.slice(0, at * 2)}${bytes}${frame.slice(at * 2 + bytes.length)}`;

/** A healthy CPU but for one kind of request. */
function only(which: (request: string) => boolean, cases: Garbage): Garbage {
  return cases.map(([what, reply]) => [what, (request) => (which(request) ? reply(request) : healthyS7Reply(request))]);
}

const anywhere: Garbage = [
  ["noise", () => "deadbeefdeadbeefdeadbeef"],
  ["a web server's answer", () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n").toString("hex")],
  ["a length of 65535", (request) => put(healthyS7Reply(request), 2, "ffff")],
  ["the answer twice", (request) => healthyS7Reply(request).repeat(2)],
  ["its own question", (request) => request],
];

const opening: Garbage = [
  ...only(isConnect, [
    ...anywhere,
    ["another class", (request) => put(healthyS7Reply(request), 10, "40")],
    ["a confirmation for somebody else", (request) => put(healthyS7Reply(request), 6, "0007")],
    ["a parameter that ends behind the frame", (request) => put(healthyS7Reply(request), 19, "7f")],
  ]),
  ...only(isSetup, [
    ["a PDU of 65535 bytes", (request) => put(healthyS7Reply(request), 25, "ffff")],
    ["a PDU of 20 bytes", (request) => put(healthyS7Reply(request), 25, "0014")],
    ["no jobs at all", (request) => put(healthyS7Reply(request), 21, "0000")],
    ["another protocol", (request) => put(healthyS7Reply(request), 7, "72")],
  ]),
];

const asking = (request: string): boolean => !isConnect(request) && !isSetup(request);

driverContract({
  name: "s7-cpu-status",
  driver: s7DriverFrom(helper),
  policy: s7Policy,
  check: (port, connection) => s7Check({ method: "s7-cpu-status", port, connection }),
  reply: healthyS7Reply,
  garbage: [
    ...opening,
    ...only(asking, [
      ...anywhere,
      ["an answer under another reference", (request) => withReference(healthyS7Reply(request), "ffff")],
      ["another list", (request) => put(healthyS7Reply(request), 33, "0011")],
      ["records longer than the list", (request) => put(healthyS7Reply(request), 37, "7fff")],
      ["more records than are there", (request) => put(healthyS7Reply(request), 39, "0002")],
      ["a list that goes on", (request) => put(healthyS7Reply(request), 26, "01")],
      ["data longer than the frame", (request) => put(healthyS7Reply(request), 31, "7fff")],
    ]),
  ],
});

driverContract({
  name: "s7-read",
  driver: s7DriverFrom(helper),
  policy: s7Policy,
  check: (port, connection) => s7Check({ method: "s7-read", port, connection }),
  reply: healthyS7Reply,
  garbage: only(asking, [
    ...anywhere,
    ["two items", (request) => put(healthyS7Reply(request), 20, "02")],
    ["fewer bytes than were asked for", (request) => put(healthyS7Reply(request), 23, "0008")],
    ["bits in place of bytes", (request) => put(healthyS7Reply(request), 22, "03")],
    ["an acknowledgement of a write", (request) => put(healthyS7Reply(request), 19, "05")],
  ]),
});
