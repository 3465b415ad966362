/** Out goes a GetRequest of named objects, a discovery, or a sealed request; in comes the whole answer to it, and nothing in the clear for what was sealed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { snmpPolicy } from "../../../src/wire/frames/snmp.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** An element with the length of its content, which is at most 127 bytes. */
const tlv = (tag: string, ...content: readonly string[]): string => {
  const inside = content.join("").replaceAll(" ", "");
  return tag + (inside.length / 2).toString(16).padStart(2, "0") + inside;
};
const id = "0204036dbd09";
const upTime = "2b06010201010300";
const variable = (oid: string, value = "0500"): string => tlv("30", tlv("06", oid), value);
const pdu = (tag: string, variables: readonly string[], more = "020100020100", number = id): string =>
  tlv(tag, number, more, tlv("30", ...variables));
const v2c = (inner: string, version = "020101", community = "7075626c6963"): string => tlv("30", version, tlv("04", community), inner);

/** As net-snmp made them. */
const discovery =
  "303e020103301102040 5837e49020300ffe30401040201030410300e0400020100020100040004000400301404000400a00e02040490f14b0201000201003000";
const sealed =
  "3081af0201033011020404e91336020300ffe3040107020103043f303d04088000000001020304020103020203e804066c6563746f720418ed4515cfa25af784ea6f3ac835c895d1d38b583f110e0f6d04088db14496b1eba04f045634581719db8518b77f7c6b21114dcf3eabd692d74b8591c6e6ae3e2510ce93a4f8b4be84dbaf0ac3c8f321d395a00ef445b16dea20288314d2f56bf6101695d6b59d713d9dce7dddfe9c1a7a5afeff440643b6b77626";

/** A v3 message in the clear. */
const clear = (flags: string, inner: string, msgId = "020404e91336"): string => {
  const security = tlv("04", tlv("30", "04088000000001020304", "020103", "020203e8", "0400", "0400", "0400"));
  return tlv("30", "020103", tlv("30", msgId, "020300ffe3", tlv("04", flags), "020103"), security, tlv("30", "0400", "0400", inner));
};

/** A v3 message of one's own: engine id, boots, time, user, authentication and encryption, and what is read. */
const v3 = (changes: { flags?: string; header?: string; security?: readonly string[]; data?: string; behind?: string } = {}): string => {
  const { flags = "04", header = `${id} 020300ffe3 0401${flags} 020103`, behind = "" } = changes;
  const { security = ["0400", "020100", "020100", "0400", "0400", "0400"], data = tlv("30", "0400", "0400", pdu("a0", [])) } = changes;
  return tlv("30", "020103", tlv("30", header), tlv("04", tlv("30", ...security)), data, behind);
};
const octets = (count: number): string => tlv("04", "61".repeat(count));
const secured = (changes: { engine?: number; user?: number; authentication?: number; privacy?: number; data?: string }): string => {
  const { engine = 8, user = 6, authentication = 12, privacy = 8, data = octets(16) } = changes;
  return v3({ flags: "07", security: [octets(engine), "020103", "020107", octets(user), octets(authentication), octets(privacy)], data });
};

const table = "2b0601020111040301";
const behind = "00810081740a0b0c";

describe("what may leave", () => {
  const lawful: readonly [what: string, hex: string, operation: string][] = [
    ["sysUpTime", v2c(pdu("a0", [variable(upTime)])), "snmp-get"],
    [
      "the system group's four and a port",
      v2c(pdu("a0", [...["1", "2", "3", "5"].map((one) => variable(`2b06010201010${one}00`)), variable("2b0601020102020108 8769")])),
      "snmp-get",
    ],
    ["the first entry of a bridge's table", v2c(pdu("a1", [variable(`${table}02`), variable(`${table}03`)])), "snmp-get-next"],
    ["the entry behind another", v2c(pdu("a1", [variable(`${table}02${behind}`), variable(`${table}03${behind}`)])), "snmp-get-next"],
    ["an engine discovery", discovery, "snmp-discover-engine"],
    ["a sealed request", sealed, "snmp-get"],
  ];
  for (const [what, hex, operation] of lawful) {
    test(what, () => {
      assert.equal(snmpPolicy.frameLength(bytes(hex), "out"), bytes(hex).length);
      assert.equal(snmpPolicy.operation(bytes(hex)), operation);
    });
  }
});

describe("what never leaves", () => {
  const never: readonly [what: string, hex: string][] = [
    ["a GetNextRequest of anything else", v2c(pdu("a1", [variable(upTime)]))],
    ["a GetNextRequest of one column alone", v2c(pdu("a1", [variable(`${table}02`)]))],
    ["a GetNextRequest that carries a value", v2c(pdu("a1", [variable(`${table}02`), variable(`${table}03`, "020101")]))],
    ["a Get of that table", v2c(pdu("a0", [variable(`${table}02${behind}`), variable(`${table}03${behind}`)]))],
    ["a GetBulkRequest of that table", v2c(pdu("a5", [variable(`${table}02`), variable(`${table}03`)], "02010002010a"))],
    ["a SetRequest", v2c(pdu("a3", [variable("2b06010201010500", "040178")]))],
    ["a GetBulkRequest", v2c(pdu("a5", [variable(upTime)], "02010002010a"))],
    ["an InformRequest", v2c(pdu("a6", [variable(upTime)]))],
    ["a trap", v2c(pdu("a7", [variable(upTime)]))],
    ["a GetRequest that carries a value", v2c(pdu("a0", [variable(upTime, "020101")]))],
    ["a null with content", v2c(pdu("a0", [variable(upTime, "050100")]))],
    ["nothing to read", v2c(pdu("a0", []))],
    ["an error in a request", v2c(pdu("a0", [variable(upTime)], "020101020100"))],
    ["sysORLastChange", v2c(pdu("a0", [variable("2b06010201010800")]))],
    ["the second instance of sysUpTime", v2c(pdu("a0", [variable("2b06010201010301")]))],
    ["another column of the interfaces", v2c(pdu("a0", [variable("2b060102010202010a01")]))],
    ["a whole column", v2c(pdu("a0", [variable("2b0601020102020108")]))],
    ["two indexes", v2c(pdu("a0", [variable("2b06010201020201080101")]))],
    ["an index that goes on", v2c(pdu("a0", [variable("2b060102010202010887")]))],
    ["a padded index", v2c(pdu("a0", [variable("2b06010201020201088001")]))],
    ["one lawful and one other", v2c(pdu("a0", [variable(upTime), variable("2b06010401")]))],
    ["version 1", v2c(pdu("a0", [variable(upTime)]), "020100")],
    ["a community of 65 bytes", v2c(pdu("a0", [variable(upTime)]), "020101", "41".repeat(65))],
    [
      "a discovery that reads",
      discovery
        .replace("303e", "3049")
        .replace("3014 0400".replace(" ", ""), "301f0400")
        .replace("a00e", "a019")
        .replace("3000", `300b${"300906052b060102010500".slice(0, 22)}`),
    ],
    ["a request that is authenticated and not encrypted", clear("05", pdu("a0", [variable(upTime)]))],
    ["a request in the clear", clear("04", pdu("a0", [variable(upTime)]))],
    ["bytes behind the message", `${v2c(pdu("a0", [variable(upTime)]))}00`],
    ["half a message", v2c(pdu("a0", [variable(upTime)])).slice(0, 40)],
    ["an indefinite length", `3080${v2c(pdu("a0", [variable(upTime)])).slice(4)}0000`],
    ["nothing", ""],
  ];
  for (const [what, hex] of never) test(what, () => assert.equal(snmpPolicy.operation(bytes(hex)), undefined));
  test("whatever stands before, beside or behind what a request holds", () => {
    const one = variable(upTime);
    assert.equal(snmpPolicy.operation(bytes(v2c(pdu("a0", [one])))), "snmp-get");
    for (const [what, hex] of [
      ["an element behind the PDU", v2c(`${pdu("a0", [one])}0500`)],
      ["a community that is no text", v2c(pdu("a0", [one])).replace("04067075", "05067075")],
      ["no community", tlv("30", "020101", pdu("a0", [one]))],
      ["an element behind the variables", v2c(tlv("a0", id, "020100020100", tlv("30", one), "0500"))],
      ["no variables", v2c(tlv("a0", id, "020100020100"))],
      ["no error index", v2c(tlv("a0", id, "020100", tlv("30", one)))],
      ["an error index", v2c(pdu("a0", [one], "020100020101"))],
      ["a number that is none", v2c(pdu("a0", [one], "040100020100"))],
      ["a variable without a value", v2c(pdu("a0", [tlv("30", tlv("06", upTime))]))],
      ["a variable with more than a value", v2c(pdu("a0", [tlv("30", tlv("06", upTime), "0500", "0500")]))],
      ["a variable whose name is none", v2c(pdu("a0", [tlv("30", tlv("04", upTime), "0500")]))],
      ["a variable in another wrapping", v2c(pdu("a0", [tlv("31", tlv("06", upTime), "0500")]))],
      ["an empty text for a value", v2c(pdu("a0", [variable(upTime, "0400")]))],
      ["a value in the second variable", v2c(pdu("a0", [one, variable(upTime, "020101")]))],
    ] as const)
      assert.equal(snmpPolicy.operation(bytes(hex)), undefined, what);
    const many = (count: number): string => {
      const inside = Buffer.concat(Array.from({ length: count }, () => bytes(one)));
      const wrap = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
        const whole = Buffer.concat(parts);
        return Buffer.concat([Uint8Array.of(tag, 0x82, whole.length >> 8, whole.length & 255), whole]);
      };
      return Buffer.from(wrap(0x30, bytes("020101 0400"), wrap(0xa0, bytes(`${id}020100020100`), wrap(0x30, inside)))).toString("hex");
    };
    assert.equal(snmpPolicy.operation(bytes(many(20))), "snmp-get");
    assert.equal(snmpPolicy.operation(bytes(many(21))), undefined, "21 variables");
  });
  test("a discovery that says or asks anything", () => {
    assert.equal(snmpPolicy.operation(bytes(v3())), "snmp-discover-engine");
    const blank = ["0400", "020100", "020100", "0400", "0400", "0400"];
    const header = (more: string): string => `${id} 020300ffe3 040104 ${more}`;
    for (const [what, hex] of [
      ...["040541424344 45", "020101", "020101", "040161", "040161", "040161"].map(
        (said, at) => [`parameter ${at}`, v3({ security: blank.with(at, said) })] as const,
      ),
      ["another number of parameters", v3({ security: [...blank, "0400"] })],
      ["a context engine", v3({ data: tlv("30", "040161", "0400", pdu("a0", [])) })],
      ["a context", v3({ data: tlv("30", "0400", "040161", pdu("a0", [])) })],
      ["a context that is no text", v3({ data: tlv("30", "0400", "0500", pdu("a0", [])) })],
      ["a context engine that is no text", v3({ data: tlv("30", "0500", "0400", pdu("a0", [])) })],
      ["something to read", v3({ data: tlv("30", "0400", "0400", pdu("a0", [variable(upTime)])) })],
      ["another request", v3({ data: tlv("30", "0400", "0400", pdu("a3", [])) })],
      ["a request without its numbers", v3({ data: tlv("30", "0400", "0400", tlv("a0", id)) })],
      ["an element behind the request", v3({ data: tlv("30", "0400", "0400", pdu("a0", []), "0500") })],
      ["data that are sealed", v3({ data: octets(16) })],
      ["an element behind the data", v3({ behind: "0500" })],
      ["another model", v3({ header: header("020102") })],
      ["a model that is no number", v3({ header: header("040103") })],
      ["an element behind the model", v3({ header: header("020103 0500") })],
      ["flags of two bytes", v3({ header: `${id} 020300ffe3 04020404 020103` })],
      ["a size that is no number", v3({ header: `${id} 040300ffe3 040104 020103` })],
      ["a number that is none", v3({ header: `0404036dbd09 020300ffe3 040104 020103` })],
    ] as const)
      assert.equal(snmpPolicy.operation(bytes(hex)), undefined, what);
  });
  test("a sealed request whose engine, user, signature or key is not there, or is too long, or whose data are in the clear", () => {
    const open = tlv("30", "0400", "0400", pdu("a0", [variable(upTime)]));
    assert.equal(snmpPolicy.operation(bytes(secured({}))), "snmp-get");
    for (const lawful of [{ engine: 5 }, { engine: 32 }, { user: 1 }, { user: 32 }, { authentication: 24 }])
      assert.equal(snmpPolicy.operation(bytes(secured(lawful))), "snmp-get", JSON.stringify(lawful));
    for (const changes of [
      { engine: 0 },
      { engine: 4 },
      { engine: 33 },
      { user: 0 },
      { user: 33 },
      { authentication: 11 },
      { authentication: 0 },
      { privacy: 7 },
      { privacy: 9 },
      { privacy: 0 },
      { data: open },
    ])
      assert.equal(snmpPolicy.operation(bytes(secured(changes))), undefined, JSON.stringify(changes));
  });
  test("a sealed request that is no longer authenticated", () => {
    assert.equal(snmpPolicy.operation(bytes(sealed.replace("040107", "040103"))), undefined);
    assert.equal(snmpPolicy.operation(bytes(sealed.replace("040107", "040106"))), undefined);
  });
});

describe("an answer", () => {
  const request = v2c(pdu("a0", [variable(upTime)]));
  const reply = (changes: Partial<{ tag: string; number: string; community: string; version: string }> = {}): string => {
    const { tag = "a2", number = id, community = "7075626c6963", version = "020101" } = changes;
    return v2c(pdu(tag, [variable(upTime, "430400010203")], "020100020100", number), version, community);
  };
  const answers = (asked: string, said: string): boolean => snmpPolicy.answers(bytes(asked), bytes(said));

  test("comes with the request's number, version and community, as a response", () => {
    assert.ok(answers(request, reply()));
    for (const other of [{ tag: "a0" }, { tag: "a8" }, { number: "0204036dbd0a" }, { community: "7075626c6964" }, { version: "020103" }])
      assert.equal(answers(request, reply(other)), false, JSON.stringify(other));
  });
  test("may have padded lengths, as agents send them", () => {
    const padded = `3082 0030 ${reply().slice(4)}`.replaceAll(" ", "");
    const whole = padded.replace("0030", ((padded.length - 8) / 2).toString(16).padStart(4, "0"));
    assert.equal(snmpPolicy.frameLength(bytes(whole), "in"), whole.length / 2);
    assert.ok(answers(request, whole));
  });
  test("to a sealed request is sealed, or a report; never a response in the clear, which net-snmp would take", () => {
    assert.equal(answers(sealed, clear("00", pdu("a2", [variable(upTime, "430400010203")]))), false);
    assert.equal(answers(sealed, clear("02", pdu("a8", [variable("2b060106030f01010500", "410101")]))), false);
    assert.ok(answers(sealed, clear("00", pdu("a8", [variable("2b060106030f01010500", "410101")]))));
    assert.ok(answers(sealed, clear("01", pdu("a8", [variable("2b060106030f01010500", "410101")]))));
    assert.ok(answers(sealed, sealed));
    assert.equal(answers(sealed, sealed.replace("04e91336", "04e91337")), false);
    assert.equal(answers(sealed, reply()), false);
  });
  test("whose engine could not stand in our next request is malformed", () => {
    const report = clear("00", pdu("a8", [variable("2b060106030f01010400", "410101")]));
    assert.equal(snmpPolicy.frameLength(bytes(report), "in"), report.length / 2);
    for (const [good, bad] of [
      ["020203e8", "02029018"], // a negative time
      ["020103", "0201ff"], // negative boots
      ["04088000000001020304", "04048000000001020304"],
    ] as const)
      assert.equal(
        snmpPolicy.frameLength(
          bytes(report.replace(`${good}${good === "020103" ? "020203e8" : ""}`, bad + (good === "020103" ? "020203e8" : ""))),
          "in",
        ),
        "malformed",
        bad,
      );
  });
  test("is malformed where it is no message, and waited for nowhere", () => {
    for (const hex of ["31", "3003020101", `${reply().slice(0, -2)}`, "3082ffff", "30840000000001"]) {
      const length = snmpPolicy.frameLength(bytes(hex), "in");
      assert.ok(length === "malformed" || length === 0, hex);
    }
    assert.equal(snmpPolicy.frameLength(new Uint8Array(2049).fill(0x30), "in"), "malformed");
    assert.equal(snmpPolicy.frameLength(bytes("31"), "in"), "malformed", "at its first byte");
    assert.equal(snmpPolicy.frameLength(bytes("30"), "in"), 0);
    const long = Uint8Array.of(0x30, 0x82, 0x10, 0, ...new Uint8Array(2045));
    assert.equal(snmpPolicy.frameLength(long, "in"), "malformed", "longer than any");
    assert.equal(snmpPolicy.frameLength(long.subarray(0, 2048), "in"), 0);
  });
  test("10,000 times spoiled is never longer than what came, and never read past its end", () => {
    const [good, sealedReply] = [bytes(reply()), bytes(sealed)];
    let seed = 7;
    const next = (): number => (seed = (seed * 48_271) % 2_147_483_647);
    let believed = 0;
    for (let round = 0; round < 10_000; round++) {
      const spoiled = Uint8Array.from(round % 2 === 0 ? good : sealedReply);
      for (let count = 1 + (next() % 3); count > 0; count--) spoiled[next() % spoiled.length] = next() & 0xff;
      const cut = next() % 4 === 0 ? spoiled.subarray(0, next() % spoiled.length) : spoiled;
      const length = snmpPolicy.frameLength(cut, "in");
      assert.ok(length === "malformed" || length <= cut.length);
      if (length === cut.length && snmpPolicy.answers(round % 2 === 0 ? bytes(request) : sealedReply, cut)) believed += 1;
      assert.ok(snmpPolicy.operation(cut) !== "snmp-discover-engine");
    }
    assert.ok(believed > 0 && believed < 9000, `${believed} were believed`);
  });
});
