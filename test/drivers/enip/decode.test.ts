/** EtherNet/IP replies: real ones, cut and lengthened ones, and everything that does not fit. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { MalformedReply } from "../../../src/domain/driver.ts";
import { identityAnswer } from "../../../src/drivers/enip/answers.ts";
import {
  decodeCipReply,
  decodeEncapsulation,
  decodeIdentityObject,
  decodeListIdentity,
  type DeviceIdentity,
  expectSession,
} from "../../../src/drivers/enip/decode.ts";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";
import { enbtIdentity, enbtItem, unconnected } from "../../support/enip-checks.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function listed(frame: Uint8Array): DeviceIdentity {
  assert.equal(enipPolicy.frameLength(frame, "in"), frame.length);
  const { status, data } = decodeEncapsulation(frame);
  assert.equal(status, 0);
  return decodeListIdentity(data);
}

const enbt: DeviceIdentity = {
  vendorId: 1,
  deviceType: 12,
  productCode: 58,
  revision: { major: 4, minor: 3 },
  status: 0x0030,
  serialNumber: 0x00524d8e,
  productName: "1756-ENBT/A",
  state: 3,
};

describe("the captures of real networks", () => {
  const file = new URL("../../fixtures/real-replies/enip-list-identity.json", import.meta.url);
  const captured = JSON.parse(readFileSync(file, "utf8")) as readonly { readonly hex: string; readonly path: string }[];

  test("are two", () => {
    assert.equal(captured.length, 2);
  });

  for (const { hex, path } of captured) {
    const reply = bytes(hex);

    test(`${path} is read as a person would`, () => {
      assert.deepEqual(listed(reply), enbt);
      assert.deepEqual(identityAnswer(listed(reply)), {
        said: "alive",
        identity: { vendor: "Rockwell Automation", vendorCode: "1", product: "1756-ENBT/A", revision: "4.3", serial: "00524d8e" },
        note: "device type 12 (communications adapter), product code 58",
      });
    });

    test(`${path} cut anywhere is not whole, and malformed where its length is made to fit`, () => {
      for (let length = 0; length < reply.length; length++) {
        assert.equal(enipPolicy.frameLength(reply.subarray(0, length), "in"), 0, `${length} bytes`);
        if (length < 24) continue;
        const cut = Uint8Array.from(reply.subarray(0, length));
        cut[2] = length - 24;
        assert.throws(() => listed(cut), MalformedReply, `${length} bytes`);
      }
    });

    test(`${path} lengthened is cut to its length, and malformed where its length is made to fit`, () => {
      for (let more = 1; more <= 200; more++) {
        const long = Uint8Array.of(...reply, ...new Uint8Array(more));
        assert.equal(enipPolicy.frameLength(long, "in"), reply.length);
        long[2] = long.length - 24;
        assert.throws(() => listed(long), MalformedReply, `${more} bytes`);
        // The item grows along: what is behind the state is still nobody's.
        if (more > 0xff - 45) continue;
        long[28] = 45 + more;
        assert.throws(() => listed(long), MalformedReply, `${more} bytes in the item`);
      }
    });
  }
});

describe("the replies of OpENer (test/oracles/enip.md)", () => {
  const file = new URL("../../fixtures/real-replies/enip-opener.json", import.meta.url);
  const captured = JSON.parse(readFileSync(file, "utf8")) as readonly {
    readonly kind: string;
    readonly hex: string;
    readonly request: string;
  }[];
  const opener = {
    ...enbt,
    productCode: 65_001,
    revision: { major: 2, minor: 3 },
    status: 0,
    serialNumber: 0x075b_cd15,
    productName: "OpENer PC",
  };
  const reply = (kind: string): Uint8Array => bytes(captured.find((one) => one.kind === kind)!.hex);

  test("answer what was asked, and what was asked may leave", () => {
    assert.equal(captured.length, 3);
    for (const { hex, request } of captured) {
      assert.ok(enipPolicy.operation(bytes(request)));
      assert.equal(enipPolicy.frameLength(bytes(hex), "in"), bytes(hex).length);
      assert.ok(enipPolicy.answers(bytes(request), bytes(hex)));
    }
  });

  test("hold its identity twice, over List Identity with its state", () => {
    assert.deepEqual(listed(reply("enip_list_identity_reply")), { ...opener, state: 0 });
    const { data } = decodeCipReply(decodeEncapsulation(reply("enip_identity_object_reply")).data, 0x01);
    assert.deepEqual(decodeIdentityObject(data), { ...opener, state: undefined });
  });

  test("give a session", () => {
    const session = decodeEncapsulation(reply("enip_register_session_reply"));
    expectSession(session);
    assert.equal(session.sessionHandle, 1);
  });
});

describe("a List Identity reply is malformed", () => {
  const cases: readonly [what: string, data: string, reason: RegExp][] = [
    ["without a count", "01", /1 bytes where items are counted/],
    ["with no item", "0000", /no identity item at its head/],
    ["with another item", `0100${enbtItem.replace("0c00", "0d00")}`, /no identity item at its head/],
    ["with a count of two and one item", `0200${enbtItem}`, /1 items, but a count of 2/],
    ["with a count of 65535", `ffff${enbtItem}`, /a count of 65535/],
    ["with a count of none and one item", `0000${enbtItem}`, /1 items, but a count of 0/],
    ["with two identities", `0200${enbtItem}${enbtItem}`, /type 0x0c behind the identity/],
    ["with an unknown item behind", `0200${enbtItem}00800000`, /type 0x8000 behind the identity/],
    ["with an item that is too long", `0100${enbtItem.replace("2d00", "2e00")}`, /ends 1 bytes behind the reply/],
    ["with an item that is too short", `0100${enbtItem.replace("2d00", "2c00")}`, /an item without its length/],
    ["with protocol version 2", `0100${enbtItem.replace("0100", "0200")}`, /protocol version 2/],
    ["that ends in the socket address", "0100 0c00 0a00 01000002af120a0101a4", /an identity item of 10 bytes/],
    ["that ends before the name", `0100 0c00 2000 ${enbtItem.slice(8, 8 + 64)}`, /an identity of 14 bytes/],
    ["with a name longer than the item", `0100${enbtItem.replace("0b31", "0d31")}`, /a name of 13 bytes, 12 are there/],
    ["with a name that swallows the state", `0100${enbtItem.replace("0b31", "0c31")}`, /0 bytes behind the name/],
    ["with a name shorter than its length", `0100${enbtItem.replace("0b31", "0a31")}`, /2 bytes behind the name/],
  ];
  for (const [what, data, reason] of cases) {
    test(what, () => assert.throws(() => decodeListIdentity(bytes(data)), { name: "MalformedReply", message: reason }));
  }

  test("but not with the security items of a newer device", () => {
    assert.equal(decodeListIdentity(bytes(`0300${enbtItem} 8600 0400 01020304 8700 0000`)).productName, "1756-ENBT/A");
  });
});

describe("a reply within a session is malformed", () => {
  const ok = `81000000${enbtIdentity}`;
  const cases: readonly [what: string, data: string, reason: RegExp][] = [
    ["with nothing in it", "", /0 bytes of SendRRData/],
    ["of another interface", unconnected(ok).replace("00000000", "01000000"), /an interface that is not CIP/],
    ["without items", "00000000 0000", /0 bytes where items are counted/],
    ["with an empty list of items", "00000000 0000 0000", /not a null address/],
    ["with one item", "00000000 0000 0100 0000 0000", /not a null address/],
    ["with an address that is not null", "00000000 0000 0200 0000 0100 00 b200 0400 81000000", /not a null address/],
    ["with a connected message", unconnected(ok).replace("b200", "b100"), /not a null address/],
    ["with a message of 3 bytes", unconnected("810000"), /a message of 3 bytes/],
    ["to another service", unconnected(`8e000000${enbtIdentity}`), /the reply to another service, 0x8e/],
    ["that is a request", unconnected(`01000000${enbtIdentity}`), /the reply to another service, 0x01/],
    ["with something in the reserved byte", unconnected(`81010000${enbtIdentity}`), /another service/],
    ["with an additional status cut off", unconnected("8100080200"), /an additional status that ends in the middle/],
    ["with data behind an error", unconnected(`81000800${enbtIdentity}`), /data behind an error/],
  ];
  for (const [what, data, reason] of cases) {
    test(what, () => assert.throws(() => decodeCipReply(bytes(data), 0x01), { name: "MalformedReply", message: reason }));
  }

  test("and otherwise holds the message", () => {
    const { generalStatus, data } = decodeCipReply(bytes(unconnected(ok)), 0x01);
    assert.equal(generalStatus, 0);
    assert.deepEqual(decodeIdentityObject(data), { ...enbt, state: undefined });
    assert.deepEqual(decodeCipReply(bytes(unconnected("810005010700")), 0x01), { generalStatus: 5, data: new Uint8Array(0) });
  });
});

describe("the Identity object", () => {
  test("may go on with optional attributes, of which the first is the state", () => {
    assert.deepEqual(decodeIdentityObject(bytes(`${enbtIdentity}03 1234 00 656e67`)), enbt);
  });

  test("does not go on for ever", () => {
    assert.throws(() => decodeIdentityObject(bytes(`${enbtIdentity}${"00".repeat(65)}`)), MalformedReply);
  });

  test("cut anywhere is malformed", () => {
    const whole = bytes(enbtIdentity);
    for (let length = 0; length < whole.length; length++)
      assert.throws(() => decodeIdentityObject(whole.subarray(0, length)), MalformedReply, `${length} bytes`);
  });

  const names: readonly [hex: string, shown: string][] = [
    ["", ""],
    ["20202020", ""],
    ["5043000000", "PC"],
    ["c3a9", "é"],
    ["e9", "é"],
    ["411b5b33316d", "A?[31m"],
    ["e280ae41", "?A"],
  ];
  for (const [hex, expected] of names) {
    test(`a name ${hex || "of nothing"} is shown as "${expected}"`, () => {
      const length = (hex.length / 2).toString(16).padStart(2, "0");
      assert.equal(decodeIdentityObject(bytes(`${enbtIdentity.slice(0, 28)}${length}${hex}`)).productName, expected);
    });
  }
});

test("a session needs a handle and protocol version 1", () => {
  const session = { sessionHandle: 9, status: 0, data: bytes("01000000") };
  expectSession(session);
  for (const flawed of [
    { sessionHandle: 0 },
    { data: bytes("02000000") },
    { data: bytes("0100") },
    { data: bytes("") },
    { data: bytes("0100000000") },
  ])
    assert.throws(() => expectSession({ ...session, ...flawed }), MalformedReply, JSON.stringify(flawed));
});

test("a frame that is not cut to its length is malformed", () => {
  assert.throws(() => decodeEncapsulation(new Uint8Array(25)), MalformedReply);
});
