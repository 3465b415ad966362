/** Which document stands behind what is asked: with its grade in words, never memory as a document, and what the owner states first. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { citations, citationsOf, describeDocuments, documentsTitle, toBeStated, unstatedDevices } from "../../src/config/citations.ts";
import { readLibrary, shippedLibrary } from "../../src/config/library.ts";
import { methodIds, type MethodId } from "../../src/domain/operations.ts";
import type { CheckId, ProfileId } from "../../src/domain/plan.ts";
import { compiledFrom, loaded, rawDevice, rawProfile, rawSite } from "./compile/support/site.ts";

const { profiles } = readLibrary(shippedLibrary, { lint: false });
const of = (id: string, ...methods: readonly MethodId[]): readonly string[] => citations(profiles.get(id as ProfileId)!.value, methods);

describe("of a family", () => {
  test("each figure that a document states comes with the document, its place and its grade", () => {
    assert.deepEqual(of("schneider-m221", "modbus-fc43"), [
      "speaks modbus-fc43: yes [vendor document, excerpt read: Schneider Electric, FA249614, the table of the answer]",
      "no document was found on: connections at once, what one connection too many does, after which silence it closes a connection, what feeds its watchdog, whether an ended connection trips it",
      "every interval is Watchkeeper's own and no vendor's; all that is known: watchkeeper profiles show schneider-m221",
    ]);
  });

  test("what is only heard of says so, and that it can only tighten", () => {
    assert.ok(
      of("siemens-s7-1200", "opcua-read").some((line) =>
        /^connections at once: 3 \[secondary source, unverified.*; it can only tighten\]$/u.test(line),
      ),
    );
  });

  test("figures of the protocols that are asked are named, of others not", () => {
    const [modbus, s7] = (["modbus-fc43", "s7-cpu-status"] as const).map((method) => citations(manySpoken(), [method]));
    assert.ok(modbus!.includes("connections at once (modbus): 20 [vendor document, excerpt read: V, T-9, page 1]"), modbus!.join("\n"));
    assert.ok(
      modbus!.includes("after which silence it closes a connection (modbus): 1 min [vendor document, excerpt read: V, T-9, page 1]"),
    );
    assert.ok(!s7!.some((line) => line.includes("(modbus)")));
  });

  test("what is remembered counts as found in no document, whatever it says", () => {
    const lines = citations(manySpoken(), ["modbus-fc43"]);
    assert.doesNotMatch(lines.join("\n"), /\b8\b|memory/u);
    assert.match(lines.join("\n"), /^no document was found on: (?:.*, )?connections at once, /mu);
  });

  test("no profile of the library has anything remembered among its documents", () => {
    for (const { value } of profiles.values()) {
      const lines = citations(value, methodIds);
      assert.doesNotMatch(lines.join("\n"), /memory|\[not documented/u, value.id);
      assert.match(lines.at(-1)!, /every interval is Watchkeeper's own/u);
    }
  });
});

function manySpoken(): Parameters<typeof citations>[0] {
  const said = { status: "documented", grade: "V", sources: ["manual"], note: null } as const;
  const { value } = profiles.get("schneider-m221" as ProfileId)!;
  return {
    ...value,
    sources: [
      {
        id: "manual",
        kind: "vendor-manual",
        publisher: "V",
        title: "T",
        document: "T-9",
        place: "page 1",
        url: null,
        mirror: null,
        read: "excerpt",
        retrieved: null,
        checkedBy: [],
      },
    ],
    connection: { ...value.connection, poolSize: { ...said, value: 8, status: "not-documented", grade: "M", sources: [] } },
    limits: { modbusTcp: { maxConnections: { ...said, value: 20 }, idleTimeout: { ...said, value: 60_000 as never } } },
  };
}

describe("of a site", () => {
  const site = rawSite([rawDevice(1, { statements: {} }), rawDevice(2), rawDevice(3, { profile: "test-heard", checks: [] })], {
    profiles: { "test-plc": rawProfile(), "test-heard": rawProfile({ id: "test-heard" }) },
  });

  test("families of which nothing is to be asked have none", () => {
    assert.deepEqual([...citationsOf(loaded(site)).keys()], ["test-plc"]);
    const [empty, title, family] = describeDocuments(loaded(site));
    assert.deepEqual([empty, title, family], ["", documentsTitle, "  test-plc"]);
    assert.deepEqual(describeDocuments(loaded(rawSite([rawDevice(1, { checks: [] })]))), []);
  });

  test("each statement that the owner still owes is a sentence of its own, with the line where it belongs", () => {
    const compiled = compiledFrom(site);
    const owed = toBeStated(compiled, ["plc-1/modbus-fc43" as CheckId]);
    assert.equal(owed.length, 2, owed.join("\n"));
    assert.match(owed[0]!, /^watchlist\.yaml:\d+: devices\[0\]\.statements\.otherClients is not stated: /u);
    assert.match(owed[1]!, /^watchlist\.yaml:\d+: devices\[0\]\.statements: watchdog is not stated: /u);
    assert.deepEqual(toBeStated(compiled, ["plc-2/modbus-fc43" as CheckId]), []);
    assert.deepEqual([...unstatedDevices(compiled)], ["plc-1"]);
  });
});
