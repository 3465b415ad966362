/** In which order the process of node-snap7 is kept apart, by what the machine offers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arrangements, type Offered } from "../../src/wire/s7-arrangements.ts";

const tools = { unshare: "/usr/bin/unshare", setpriv: "/usr/bin/setpriv", ip: "/usr/sbin/ip", shell: "/bin/sh" };
const names = (offered: Offered): readonly string[] => arrangements(offered).map(({ name }) => name);
const prefix = (offered: Offered, name: string): string =>
  arrangements(offered)
    .find((one) => one.name === name)
    ?.prefix.join(" ") ?? "";

describe("what is tried", () => {
  test("as root: network and user, then each alone, then less", () => {
    assert.deepEqual(names({ root: true, ...tools }), [
      "own network and own user",
      "own network",
      "own user",
      "no privileges",
      "no isolation",
    ]);
  });

  test("as another user: a network within a user namespace, then less", () => {
    assert.deepEqual(names({ root: false, ...tools }), ["own network", "no privileges", "no isolation"]);
  });

  test("without the tools: what is left", () => {
    const { unshare: _, ...withoutUnshare } = tools;
    assert.deepEqual(names({ root: true, ...withoutUnshare }), ["own user", "no privileges", "no isolation"]);
    assert.deepEqual(names({ root: true, unshare: tools.unshare, ip: tools.ip, shell: tools.shell }), ["no isolation"]);
    assert.deepEqual(names({ root: false }), ["no isolation"]);
  });

  test("ends with no arrangement at all, which has nothing before the program", () => {
    assert.deepEqual(arrangements({ root: true, ...tools }).at(-1)?.prefix, []);
  });
});

test("the strongest has nothing but a loopback, another user, no capabilities, and dies with the poller", () => {
  const words = prefix({ root: true, ...tools }, "own network and own user");
  for (const part of [
    "--net",
    "link set lo up",
    "--reuid 65534",
    "--regid 65534",
    "--clear-groups",
    "--no-new-privs",
    "--bounding-set=-all",
    "--pdeathsig KILL",
  ])
    assert.ok(words.includes(part), `${part}: ${words}`);
  assert.ok(!words.includes("--user"));
});

test("without root the namespace is within a user namespace, and its power is taken away again", () => {
  const words = prefix({ root: false, ...tools }, "own network");
  for (const part of ["--user --map-root-user --net", "--bounding-set=-all"]) assert.ok(words.includes(part), words);
  assert.ok(!prefix({ root: false, ...tools }, "no privileges").includes("--bounding-set"));
});
