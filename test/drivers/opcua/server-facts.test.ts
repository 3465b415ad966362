/** What a server says of itself to a deep query: one Read within a session that goes on, whatever it answers, and bounded text for people. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { usualFacts } from "../../../simulators/opcua/server-nodes.ts";
import { fault, statusCodes } from "../../../simulators/opcua/services.ts";
import { opcuaServerNodes } from "../../../src/domain/opcua.ts";
import type { Operation } from "../../../src/domain/operations.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import type { Wire } from "../../../src/domain/wire.ts";
import { opcuaDriverFrom } from "../../../src/drivers/opcua/driver.ts";
import { opcuaMethods } from "../../../src/drivers/opcua/methods.ts";
import { answerFrom, type NamedValue } from "../../../src/drivers/opcua/server-facts.ts";
import { opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { opcuaCheck, type OpcuaCheckOptions } from "../../support/opcua-checks.ts";
import { opcuaReply } from "../../support/opcua-replies.ts";

const beat = opcuaCheck({ method: "opcua-read", port: 4840 });
const keepAlive = opcuaCheck({ method: "opcua-keepalive", port: 4840 });
const deep = (read: "opcua-server" | "opcua-endpoints", nodesMax?: number): ReturnType<typeof opcuaCheck> => {
  const method: OpcuaCheckOptions["method"] = read === "opcua-server" ? "opcua-read" : "opcua-get-endpoints";
  return opcuaCheck({ method, port: 4840, input: { deep: { read, ...(nodesMax !== undefined && { nodesMax }) } } });
};
const server = deep("opcua-server");

/** One session in which the checks are asked in turn; the first opens it. */
async function asked(
  checks: readonly ReturnType<typeof opcuaCheck>[],
  reply: (request: string, operation?: Operation) => string = (request) => opcuaReply(request),
) {
  const operations: (Operation | undefined)[] = [];
  let listener: (frame: Uint8Array) => void = () => {};
  const wire: Wire = {
    target: beat.target,
    closed: new Promise(() => {}),
    onFrame: (one) => (listener = one),
    send(frame) {
      const operation = opcuaPolicy.operation(frame);
      operations.push(operation);
      const answer = Buffer.from(reply(Buffer.from(frame).toString("hex"), operation), "hex");
      if (answer.length > 0) queueMicrotask(() => listener(answer));
    },
  };
  const session = await opcuaDriverFrom().open(wire, checks[0]!.ask);
  const answers: Answer[] = [];
  for (const check of checks) answers.push(await session.ask(check.ask));
  const over = session.over ?? false;
  await session.leave();
  return { answers, operations, over };
}

/** A ServiceFault to this very request. */
function faulty(requestHex: string, status: number): string {
  const request = Buffer.from(requestHex, "hex");
  const body = fault(request.readUInt32LE(38), status, 0);
  const header = Buffer.from(request.subarray(0, 24));
  header.writeUInt32LE(24 + body.length, 4);
  return Buffer.concat([header, body]).toString("hex");
}

describe("what a server says of itself", () => {
  test("is one Read within the heartbeat's session, which goes on as before", async () => {
    for (const first of [beat, keepAlive]) {
      const { answers, operations, over } = await asked([first, server, first]);
      const own = first === beat ? "opcua-read" : "opcua-publish";
      assert.deepEqual(operations.slice(first === beat ? 4 : 5), [
        own,
        "opcua-read-server",
        own,
        "opcua-close-session",
        "opcua-close-channel",
      ]);
      assert.deepEqual([answers[0]?.said, answers[1]?.said, answers[2]?.said, over], ["alive", "alive", "alive", false]);
      assert.equal(answers[0]?.said === "alive" && answers[0].facts, undefined);
      const found = answers[1]!;
      assert.ok(found.said === "alive" && found.facts);
      assert.deepEqual(found.identity, { vendor: usualFacts.manufacturer, product: usualFacts.product, revision: usualFacts.version });
      const facts = new Map(found.facts);
      assert.equal(facts.get("BuildInfo.BuildDate"), "2026-03-01T00:00:00.000Z");
      assert.equal(facts.get("NamespaceArray 1"), "urn:watchkeeper:simulator");
      assert.deepEqual([facts.get("ServiceLevel"), facts.get("RedundancySupport"), facts.get("MaxSessions")], ["255", "None", "5"]);
      assert.equal(facts.get("MaxQueryContinuationPoints"), "0 (it states no limit)");
      assert.match(facts.get("not said") ?? "", /^MaxHistoryContinuationPoints \(BadNodeIdUnknown\), MaxNodesPerHistoryReadData/u);
    }
  });

  test("has a session of its own where none stands, of four messages and two for the goodbye", async () => {
    const { answers, operations } = await asked([server]);
    assert.equal(answers[0]?.said, "alive");
    const opening = ["opcua-hello", "opcua-open-channel", "opcua-create-session", "opcua-activate-session"];
    assert.deepEqual(operations, [...opening, "opcua-read-server", "opcua-close-session", "opcua-close-channel"]);
  });

  test("is told of as many nodes as a server takes at once, the most telling first", async () => {
    const few = deep("opcua-server", 3);
    const { answers } = await asked([few]);
    assert.ok(answers[0]?.said === "alive");
    // BuildInfo as one structure, NamespaceArray, ServerArray.
    assert.equal(answers[0].identity?.product, usualFacts.product);
    assert.equal(
      answers[0].facts?.some(([name]) => name === "ServiceLevel"),
      false,
    );
    const method = opcuaMethods.find(({ id }) => id === "opcua-read")!;
    assert.match(method.describe(few.ask), /then one Read of the first 3 nodes that say who the server is/u);
    assert.ok(few.asking.templates[0]!.lengthMax! < server.asking.templates[0]!.lengthMax!);
  });

  test("that takes fewer nodes is an answer in words, asked once, and no end of the session", async () => {
    const refusing = (request: string, operation?: Operation): string =>
      operation === "opcua-read-server" ? faulty(request, statusCodes.badTooManyOperations) : opcuaReply(request);
    const { answers, operations, over } = await asked([keepAlive, server, keepAlive], refusing);
    assert.deepEqual([answers[2]?.said, over], ["alive", false]);
    assert.ok(answers[1]?.said === "degraded");
    assert.match(
      answers[1].detail,
      /^Read: BadTooManyOperations \(0x80100000\): the server takes fewer nodes in one Read: agree to fewer by `nodes`/u,
    );
    assert.equal(operations.filter((one) => one === "opcua-read-server").length, 1);
  });

  test("and its endpoints are asked for within the session too", async () => {
    const { answers, operations } = await asked([keepAlive, deep("opcua-endpoints")]);
    assert.equal(operations[6], "opcua-get-endpoints");
    assert.ok(answers[1]?.said === "alive");
    assert.match(new Map(answers[1].facts).get("endpoint 1") ?? "", /^no URL; no security; no certificate; users: none named; level 0$/u);
  });
});

describe("the text of what a server says", () => {
  const good = { name: "Good", isGood: () => true };
  const value = (name: string, said: unknown): NamedValue => ({ name, statusCode: good, value: { value: said } });
  const factsOf = (...values: readonly NamedValue[]): ReadonlyMap<string, string> => {
    const answer = answerFrom(values);
    assert.ok(answer.said === "alive" && answer.facts);
    return new Map(answer.facts);
  };

  test("is bounded: of a million namespaces 64, and how many more there are", () => {
    const facts = factsOf(
      value(
        "NamespaceArray",
        Array.from({ length: 1_000_000 }, (_, at) => `urn:${at}`),
      ),
    );
    assert.deepEqual([facts.size, facts.get("NamespaceArray 63"), facts.get("NamespaceArray")], [65, "urn:63", "and 999936 more"]);
  });

  test("takes BuildInfo from its parts, and from the structure what is no part of its own", () => {
    const structure = { manufacturerName: "Maker", productName: "of the structure", softwareVersion: "1", buildDate: new Date(0) };
    const facts = factsOf(value("BuildInfo", structure), value("BuildInfo.ProductName", "of the part"), value("BuildInfo.BuildNumber", ""));
    assert.deepEqual(Object.fromEntries(facts), {
      "BuildInfo.ManufacturerName": "Maker",
      "BuildInfo.ProductName": "of the part",
      "BuildInfo.SoftwareVersion": "1",
      "BuildInfo.BuildDate": "1970-01-01T00:00:00.000Z",
    });
  });

  test("is one line of printable characters each, whatever the values are", () => {
    const anything = fc.oneof(
      fc.anything({ maxDepth: 1, maxKeys: 3 }),
      fc.array(fc.string({ unit: fc.constantFrom("a", "<", "é", "\n", "\u0000", "\u202e", "\ud800") })),
      fc.constant(new Uint32Array([1, 2])),
      fc.constant(new Date(Number.NaN)),
    );
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 8 }), fc.boolean(), (values, isGood) => {
        const status = { name: "BadNodeIdUnknown", isGood: () => isGood };
        const answer = answerFrom(values.map((one, at) => ({ name: opcuaServerNodes[at]![1], statusCode: status, value: { value: one } })));
        assert.ok(answer.said === "alive");
        for (const [name, text] of answer.facts!)
          assert.ok(text.length <= 3000 && !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(name + text), `${name}: ${text}`);
      }),
      { numRuns: 100 },
    );
  });
});
