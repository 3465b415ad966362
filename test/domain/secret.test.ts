/** A secret shows itself to nobody who does not ask for it by name. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { format, inspect } from "node:util";
import { canonicalJson } from "../../src/domain/canonical.ts";
import { Secret } from "../../src/domain/secret.ts";
import { readSources } from "../support/source-tree.ts";

const word = "fort-knox";
const holder = { kind: "snmp-v2c", community: new Secret(word), nested: [{ again: new Secret(word) }] };

describe("a secret is three stars", () => {
  const ways: readonly [what: string, shown: () => string][] = [
    ["in a template", () => `${String(holder.community)} ${holder.community.toString()}`],
    ["as JSON", () => JSON.stringify(holder)],
    ["inspected", () => inspect(holder, { depth: 10, showHidden: true })],
    ["inspected without its own word for it", () => inspect(holder, { depth: 10, showHidden: true, customInspect: false })],
    ["in a formatted line", () => format("%s %o %j %O", holder.community, holder, holder, holder)],
    ["in an error", () => String(new Error(`refused ${String(holder.community)}`, { cause: holder.community }).stack)],
    ["copied to another thread", () => inspect(structuredClone(holder), { depth: 10 })],
    ["by its properties", () => Reflect.ownKeys(holder.community).map(String).join(" ")],
    ["frozen", () => JSON.stringify(Object.freeze(holder))],
  ];
  for (const [what, shown] of ways) test(what, () => assert.ok(!shown().includes(word)));
});

test("a digest of it is a mistake, not a leak", () => {
  assert.throws(() => canonicalJson(holder), /an object of class Secret/u);
});

test("it says what it is when it is asked, and how long that is in bytes", () => {
  assert.equal(holder.community.reveal(), word);
  assert.equal(new Secret("Lüfter").bytes, 7);
});

test("only what must say it to somebody asks: drivers, the web server's lock, the notifier's senders, and what carries it from thread to thread", () => {
  const asking = [...readSources(["src", "simulators", "bench"])].filter(([, text]) => text.includes(".reveal("));
  const lawful =
    /^src\/(drivers\/(snmp|opcua)\/|exporters\/(password-check|web-tls)\.ts$|notify\/senders\.ts$|config\/packed-credentials\.ts$)/u;
  assert.ok(asking.length > 0);
  for (const [file] of asking) assert.match(file, lawful);
});
