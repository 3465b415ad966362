/** The fleet of simulated devices and the command that shows one. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { exampleEnipFleet, exampleFleet, exampleOpcuaFleet, exampleS7Fleet } from "../../simulators/example-fleet.ts";
import { startFleet } from "../../simulators/fleet.ts";
import { connectRaw } from "./raw-client.ts";

const main = new URL("../../simulators/main.ts", import.meta.url).pathname;

async function run(...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [[code], out, err] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { code, out, err };
}

test("a fleet starts every device of its list, finds them by name and ends them together", async () => {
  const fleet = await startFleet(exampleFleet(3, "127.1.91.", 0));
  const [first, second] = fleet.members;
  assert.deepEqual(
    fleet.members.map(({ name, note }) => [name, note]),
    [
      ["modbus-1", "healthy"],
      ["modbus-2", "silent"],
      ["modbus-3", "healthy"],
    ],
  );
  assert.equal(fleet.member("modbus-2"), second);
  assert.throws(() => fleet.member("modbus-9"), /no simulated device is named "modbus-9"; there are modbus-1, modbus-2, modbus-3/);
  assert.ok(first);
  await connectRaw(first.device);
  await fleet.close();
  await assert.rejects(connectRaw(first.device), { code: "ECONNREFUSED" });
});

test("when one device cannot start, none is left running", async () => {
  const [entry] = exampleFleet(1, "127.1.92.", 0);
  assert.ok(entry);
  const taken = await startFleet([entry]);
  const port = taken.member("modbus-1").device.port;
  const list = exampleFleet(2, "127.1.92.", port);
  await assert.rejects(startFleet(list), new RegExp(`"modbus-1" cannot listen on 127.1.92.1:${port}.*EADDRINUSE`));
  await assert.rejects(connectRaw({ host: "127.1.92.2", port }), { code: "ECONNREFUSED" });
  await taken.close();
});

test("two devices of one name are refused", async () => {
  const [entry] = exampleFleet(1, "127.1.93.", 0);
  assert.ok(entry);
  await assert.rejects(startFleet([entry, entry]), /two simulated devices are named "modbus-1"/);
});

test("every behaviour there is occurs in a full example fleet", () => {
  const notes = exampleFleet(50, "127.1.0.").map(({ note }) => note);
  assert.equal(notes.filter((note) => note === "healthy").length, 25);
  assert.equal(new Set(notes).size, 26);
});

test("EtherNet/IP adapters stand beside them on the same addresses, with every behaviour of theirs in 30", async () => {
  const list = exampleEnipFleet(30, "127.1.96.", 0);
  assert.equal(new Set(list.map(({ note }) => note)).size, 15);
  const fleet = await startFleet([...exampleFleet(1, "127.1.96.", 0), ...list.slice(0, 2)]);
  assert.deepEqual(
    fleet.members.map(({ name, protocol, device }) => [name, protocol, device.host]),
    [
      ["modbus-1", "modbus", "127.1.96.1"],
      ["enip-1", "enip", "127.1.96.1"],
      ["enip-2", "enip", "127.1.96.2"],
    ],
  );
  await fleet.close();
});

test("OPC UA servers stand beside them, with every behaviour of theirs in 36", async () => {
  const list = exampleOpcuaFleet(36, "127.1.97.", 0);
  assert.equal(new Set(list.map(({ note }) => note)).size, 19);
  const fleet = await startFleet(list.slice(0, 2));
  assert.deepEqual(
    fleet.members.map(({ name, protocol, note }) => [name, protocol, note]),
    [
      ["opcua-1", "opcua", "healthy"],
      ["opcua-2", "opcua", "silent"],
    ],
  );
  await fleet.close();
});

test("S7 CPUs stand beside them, with every behaviour of theirs in 34, and one of the healthy in STOP", async () => {
  const list = exampleS7Fleet(34, "127.1.98.", 0);
  assert.equal(new Set(list.map(({ note }) => note)).size, 19);
  const fleet = await startFleet(list.slice(5, 7));
  assert.deepEqual(
    fleet.members.map(({ name, protocol, note }) => [name, protocol, note]),
    [
      ["s7-6", "s7", "hangs-once-set-up"],
      ["s7-7", "s7", "in STOP"],
    ],
  );
  await fleet.close();
});

test("the command shows what listens where until it is interrupted, then what each device was sent", async () => {
  const child = spawn(process.execPath, [main, "--devices", "2", "--bind", "127.1.94."], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let out = "";
  for await (const chunk of child.stdout) {
    out += String(chunk);
    if (!out.includes("Until Ctrl-C.") || out.includes("connections")) continue;
    const client = await connectRaw({ host: "127.1.94.1", port: 10_502 });
    client.send("0001 0000 0002 01 11");
    await client.bytes(9);
    child.kill("SIGINT");
  }
  assert.deepEqual(await exited, [0, null]);
  assert.match(out, /^modbus-2 +modbus +127\.1\.94\.2:10502 +silent$/m);
  assert.match(out, /^modbus-1 +1 +1 +0 +0 +0$/m);
});

test("the command says what is wrong with how it was called, and listens on loopback addresses only", async () => {
  const wrong = [
    ["--devices", "0"],
    ["--devices", "255"],
    ["--ethernet-ip", "0"],
    ["--opc-ua", "many"],
    ["--s7", "-1"],
    ["--bind", "10.20.1."],
    ["--bind", "127.1.256."],
    ["--for", "soon"],
    ["--unknown"],
  ];
  for (const args of wrong) {
    const { code, out, err } = await run(...args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(out, "");
    assert.match(err, new RegExp(String(args[0])));
  }
});

test("the command ends by itself after the time it was given", async () => {
  const { code, out } = await run("--devices", "1", "--bind", "127.1.95.", "--for", "0.01");
  assert.equal(code, 0);
  assert.match(out, /For 0.01 s\.\n\nNothing was sent to any of them\.\n$/);
});
