/** ping is called so that one packet leaves, and what it says at its end is understood or is nobody's miss. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findPing, meaningOf, pingArguments, pingCapability, startPing } from "../../src/wire/ping.ts";

const call = { path: "/usr/bin/ping", address: "192.0.2.7", payloadBytes: 8, waitSeconds: 6 };

test("it is asked for one packet of a fixed size, without names, from the segment's address, and never with -w", () => {
  const args = pingArguments({ ...call, localAddress: "192.0.2.1" });
  assert.deepEqual(args, ["-n", "-q", "-c", "1", "-W", "6", "-s", "8", "-I", "192.0.2.1", "--", "192.0.2.7"]);
  assert.deepEqual(pingArguments(call).slice(-3), ["8", "--", "192.0.2.7"]);
});

describe("its last words mean", () => {
  const statistics = (line: string): string =>
    `PING 192.0.2.7 (192.0.2.7) 8(36) bytes of data.\n\n--- 192.0.2.7 ping statistics ---\n${line}\n\n`;
  const cases: readonly [what: string, code: number | null, said: string, complained: string, is: string][] = [
    ["an answer", 0, statistics("1 packets transmitted, 1 received, 0% packet loss, time 0ms"), "", "answered"],
    ["an answer, from busybox", 0, statistics("1 packets transmitted, 1 packets received, 0% packet loss"), "", "answered"],
    ["silence", 1, statistics("1 packets transmitted, 0 received, 100% packet loss, time 0ms"), "", "silent"],
    ["no way there", 1, statistics("1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms"), "", "unreachable"],
    ["no leave", 2, "", "ping: socktype: SOCK_RAW\nping: socket: Operation not permitted\n", "unable"],
    [
      "a firewall of our own",
      1,
      statistics("1 packets transmitted, 0 received, 100% packet loss"),
      "ping: sendmsg: Operation not permitted",
      "silent",
    ],
    ["no network", 2, "", "ping: connect: Network is unreachable\n", "unable"],
    ["a kill", null, "", "", "unable"],
    ["success without a word", 0, "", "", "unable"],
    ["several packets", 0, statistics("4 packets transmitted, 4 received, 0% packet loss"), "", "unable"],
    ["an answer too many", 0, statistics("1 packets transmitted, 2 received, 0% packet loss"), "", "unable"],
    ["an answer that failed", 1, statistics("1 packets transmitted, 1 received, 0% packet loss"), "", "unable"],
  ];
  for (const [what, code, said, complained, is] of cases) {
    test(what, () => assert.equal(meaningOf(code, said, complained).is, is));
  }

  test("what to do, where leave is missing, and one clean line of anything else", () => {
    const missing = meaningOf(2, "", "ping: socket: Operation not permitted");
    assert.match(missing.is === "unable" ? missing.detail : "", /ping_group_range.*setcap.*NoNewPrivileges/u);
    const strange = meaningOf(3, "", `\u001b[31mping: strange\nthings${"!".repeat(500)}`);
    assert.match(strange.is === "unable" ? strange.detail : "", /^ping ended with code 3: \[31mping: strange things!{100,}$/u);
    assert.ok(strange.is === "unable" && strange.detail.length < 240);
  });
});

test("a program that is not there is no silence", async () => {
  const result = await startPing({ ...call, path: "/nowhere/ping" }).ended;
  assert.match(result.is === "unable" ? result.detail : "", /\/nowhere\/ping could not be started/u);
});

describe("whether this account can ping", () => {
  test("is found out on loopback, or the reason why not is said", async () => {
    const capability = await pingCapability();
    assert.equal(capability.available, true, JSON.stringify(capability));
    assert.equal(capability.available && capability.path, findPing());
  });
  test("is no where there is no ping, or something else in its place", async () => {
    assert.deepEqual(await pingCapability("/bin/false"), { available: false, problem: "ping ended with code 1: it said nothing" });
    const none = await pingCapability("/nowhere/ping");
    assert.match(none.available ? "" : none.problem, /could not be started/u);
  });
});
