/** Where the server listens: socket files, what systemd hands over, and nowhere that others could reach unasked. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { placesOf } from "../../src/exporters/listening.ts";
import { serving } from "./support/web.ts";

function folder(t: TestContext): string {
  const place = mkdtempSync(join(tmpdir(), "watchkeeper-listening-"));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  return place;
}

describe("a socket file", () => {
  test("is served to its group, under any name of the settings", async (t) => {
    const path = join(folder(t), "web.sock");
    const { server } = await serving({ listen: [{ path }] });
    assert.deepEqual(server.addresses, [`unix:${path}`]);
    assert.equal(statSync(path).mode & 0o777, 0o660);
    const [response] = (await once(request({ socketPath: path, path: "/-/healthy" }).end(), "response")) as [{ statusCode: number }];
    assert.equal(response.statusCode, 200);
  });

  test("is not taken from whoever lives there, nor put in a file's place", async (t) => {
    const place = folder(t);
    const [taken, file] = [join(place, "taken.sock"), join(place, "file")];
    const other = createServer().listen(taken);
    await once(other, "listening");
    writeFileSync(file, "");
    await assert.rejects(serving({ listen: [{ path: taken }], answered: () => Promise.resolve(true) }), /another poller answers here/u);
    await assert.rejects(serving({ listen: [{ path: file }] }), /found something other than a socket/u);
    other.close();
  });

  test("of an ended process is taken over", async (t) => {
    const path = join(folder(t), "old.sock");
    const leave = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["-e", leave]), "exit");
    assert.ok(statSync(path).isSocket());
    const { server } = await serving({ listen: [{ path }] });
    assert.deepEqual(server.addresses, [`unix:${path}`]);
  });
});

describe("systemd's sockets", () => {
  const own = { pid: 70, ppid: 60 };
  test("are those that it handed to this process, or to its launcher", () => {
    assert.deepEqual(placesOf([{ systemd: true }], { LISTEN_PID: "70", LISTEN_FDS: "2" }, own), [{ descriptor: 3 }, { descriptor: 4 }]);
    assert.deepEqual(placesOf([{ systemd: true }], { LISTEN_PID: "launcher 60", LISTEN_FDS: "1" }, own), [{ descriptor: 3 }]);
  });

  test("are nobody else's, and missing ones are said", () => {
    for (const activation of [
      {},
      { LISTEN_PID: "60", LISTEN_FDS: "1" },
      { LISTEN_PID: "70", LISTEN_FDS: "" },
      { LISTEN_PID: "launcher 1", LISTEN_FDS: "1" },
    ])
      assert.match(
        JSON.stringify(placesOf([{ systemd: true }], activation, own)),
        /found no socket from systemd .* start the service by its \.socket unit/u,
      );
    assert.deepEqual(placesOf([{ path: "/x" }], {}, own), [{ path: "/x" }]);
  });

  test("are listened at, address and file alike", async (t) => {
    const path = join(folder(t), "systemd.sock");
    const sockets = [createServer().listen(0, "127.0.0.1"), createServer().listen(path)];
    await Promise.all(sockets.map((one) => once(one, "listening")));
    const descriptors = sockets.map((one) => (one as unknown as { _handle: { fd: number } })._handle.fd);
    const child = spawn(process.execPath, [join(import.meta.dirname, "support/activated.ts")], {
      stdio: ["ignore", "pipe", "inherit", ...descriptors],
      env: { ...process.env, LISTEN_FDS: "2", LISTEN_PID: `launcher ${process.pid}` },
    });
    t.after(() => child.kill("SIGKILL"));
    const [line] = (await once(child.stdout!, "data")) as [Buffer];
    for (const one of sockets) one.close();
    assert.match(line.toString(), /^\["127\.0\.0\.1:\d+","unix:systemd"\]/u);
    const port = Number(/:(\d+)"/u.exec(line.toString())?.[1]);
    const asked = request({ host: "127.0.0.1", port, path: "/-/healthy" }).end();
    const [response] = (await once(asked, "response")) as [{ statusCode: number }];
    assert.equal(response.statusCode, 200);
  });
});

test("an address that others can reach is not served without TLS and authentication, whoever opened it", async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  for (const host of ["0.0.0.0", "::", ...(outside ? [outside.address] : [])])
    await assert.rejects(
      serving({ listen: [{ host, port: 0 }] }),
      /which others than this machine can reach, expected TLS and authentication/u,
      host,
    );
});
