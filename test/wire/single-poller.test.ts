/** One poller in a network namespace, on the kernel's word. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { type Claim, claimNamespace, labNamespaceName, namespaceName } from "../../src/wire/single-poller.ts";

const name = `\0watchkeeper-test-${process.pid}`;

async function claim(which: string): Promise<Claim> {
  const claimed = await claimNamespace(which);
  assert.ok("release" in claimed, JSON.stringify(claimed));
  return claimed;
}

describe("a network namespace", () => {
  test("is claimed once, and again after it was released", async () => {
    const first = await claim(name);
    const second = await claimNamespace(name);
    assert.ok("takenBy" in second);
    assert.match(second.takenBy, new RegExp(`another process holds the socket @watchkeeper-test-${process.pid} .*ss -xlp`));
    await first.release();
    await (await claim(name)).release();
  });

  test("is released once: twice is a bug", async () => {
    const held = await claim(name);
    await held.release();
    await assert.rejects(held.release(), { code: "ERR_SERVER_NOT_RUNNING" });
  });

  test("turns visitors away", async () => {
    const held = await claim(name);
    const visitor = connect(name);
    await once(visitor.resume(), "close");
    await held.release();
  });

  test("is free as soon as its holder was killed", async () => {
    const program = `import(process.argv[1]).then(({ claimNamespace }) => claimNamespace(process.argv[2])).then(() => { console.log("held"); setInterval(() => {}, 1e6); })`;
    const script = new URL("../../src/wire/single-poller.ts", import.meta.url).href;
    // An argument cannot hold a NUL.
    const holder = spawn(process.execPath, ["-e", program.replace("process.argv[2]", JSON.stringify(name)), script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    assert.ok("takenBy" in (await claimNamespace(name)));
    holder.kill("SIGKILL");
    await once(holder, "exit");
    await (await claim(name)).release();
  });

  test("is no reason for the process to live on", async () => {
    const program = `import(process.argv[1]).then(({ claimNamespace }) => claimNamespace(${JSON.stringify(name)}))`;
    const script = new URL("../../src/wire/single-poller.ts", import.meta.url).href;
    const [code] = (await once(spawn(process.execPath, ["-e", program, script]), "exit")) as [number];
    assert.equal(code, 0);
  });
});

describe("the claim's name", () => {
  test("is one for all real pollers", () => {
    assert.equal(namespaceName, "\0watchkeeper");
  });

  test("is one for each state folder in a lab, and fits into a socket's address", () => {
    const names = ["/a/state", "/b/state", "/".padEnd(300, "x")].map(labNamespaceName);
    assert.equal(new Set(names).size, 3);
    for (const one of names) {
      assert.match(one, /^\0watchkeeper-lab:[0-9a-f]{32}$/);
      assert.ok(Buffer.byteLength(one) <= 107);
    }
    assert.equal(labNamespaceName("/a/state"), names[0]);
  });
});

test("elsewhere than on Linux it says that it cannot know", async (t) => {
  const platform = Object.getOwnPropertyDescriptor(process, "platform")!;
  t.after(() => Object.defineProperty(process, "platform", platform));
  Object.defineProperty(process, "platform", { ...platform, value: "darwin" });
  const claimed = await claimNamespace(name);
  assert.ok("unsupported" in claimed);
  assert.match(claimed.unsupported, /on Linux only, this is darwin/);
});

test("a name that cannot be had for another reason is an error", async () => {
  await assert.rejects(claimNamespace("/no/such/folder/socket"), /listen/);
});
