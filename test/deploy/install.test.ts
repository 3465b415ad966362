/** The shell scripts that install: what they refuse to copy, over what they refuse to install, and what a failed upgrade leaves running. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";

const deploy = path.resolve(import.meta.dirname, "../../deploy");
const upgradeNotes = "/run/watchkeeper-upgrade";

interface Said {
  readonly code: number | null;
  readonly said: string;
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), "wk-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A script that takes a folder for systemd's, with a systemctl that says what it is told to and notes what it is asked. */
function staged(folder: string, script: string, systemctl: string): (...argv: readonly string[]) => Said {
  const text = readFileSync(path.join(deploy, script), "utf8");
  writeFileSync(path.join(folder, "script"), text.replaceAll("/run/systemd/system", folder).replaceAll(upgradeNotes, `${folder}/upgrade`));
  writeFileSync(path.join(folder, "systemctl"), `#!/bin/sh\necho "$*" >>"${folder}/asked"\n${systemctl}\n`, { mode: 0o755 });
  const env = { PATH: `${folder}:/usr/bin:/bin` };
  return (...argv) => {
    const { status, stdout, stderr } = spawnSync("/bin/sh", [path.join(folder, "script"), ...argv], { cwd: folder, env, encoding: "utf8" });
    return { code: status, said: `${stdout}${stderr}` };
  };
}

describe("the bundle's install.sh", () => {
  /** A bundle with one file in it, whose sums are right, and a root to install into. */
  function bundle(t: TestContext): { readonly folder: string; readonly into: string; install(): Said } {
    const folder = folderOf(t);
    const into = path.join(folder, "into");
    mkdirSync(path.join(folder, "root/usr/bin"), { recursive: true });
    for (const name of ["usr", "etc/watchkeeper"]) mkdirSync(path.join(into, name), { recursive: true });
    writeFileSync(path.join(into, "etc/passwd"), `watchkeeper:x:${process.getuid!()}:${process.getgid!()}::/:/bin/false\n`);
    writeFileSync(path.join(folder, "root/usr/bin/watchkeeper"), "#!/bin/sh\n");
    writeFileSync(path.join(folder, "architecture"), arch() === "x64" ? "x86_64\n" : "aarch64\n");
    const sum = createHash("sha256").update("#!/bin/sh\n").digest("hex");
    writeFileSync(path.join(folder, "SHA256SUMS"), `${sum}  root/usr/bin/watchkeeper\n`);
    writeFileSync(path.join(folder, "install.sh"), readFileSync(path.join(deploy, "bundle/install.sh")));
    const install = (): Said => {
      const env = { PATH: "/usr/bin:/bin", DESTDIR: into };
      const { status, stdout, stderr } = spawnSync("/bin/sh", [path.join(folder, "install.sh")], { env, encoding: "utf8" });
      return { code: status, said: `${stdout}${stderr}` };
    };
    return { folder, into, install };
  }

  test("installs what is in the sums", (t) => {
    const { into, install } = bundle(t);
    const { code, said } = install();
    assert.equal(code, 0, said);
    assert.equal(readFileSync(path.join(into, "usr/bin/watchkeeper"), "utf8"), "#!/bin/sh\n");
  });

  test("refuses a link that was added, to a file or to a folder", (t) => {
    const { folder, into, install } = bundle(t);
    for (const target of ["/etc/passwd", "/etc"]) {
      const link = path.join(folder, "root/usr/lib-x");
      symlinkSync(target, link);
      const { code, said } = install();
      assert.equal(code, 1, said);
      assert.match(said, /install\.sh: found what is neither a file nor a folder: root\/usr\/lib-x/u);
      assert.ok(!existsSync(path.join(into, "usr/bin")), "nothing was installed");
      rmSync(link);
    }
  });

  test("refuses a link in a file's place, though what it points to has the right sum", (t) => {
    const { folder, into, install } = bundle(t);
    const file = path.join(folder, "root/usr/bin/watchkeeper");
    rmSync(file);
    writeFileSync(path.join(folder, "twin"), "#!/bin/sh\n");
    symlinkSync(path.join(folder, "twin"), file);
    assert.match(install().said, /found what is neither a file nor a folder: root\/usr\/bin\/watchkeeper/u);
    assert.ok(!existsSync(path.join(into, "usr/bin")));
  });

  test("takes nothing away under a service that runs or waits to be started again, the notifier too", (t) => {
    for (const [unit, state] of [
      ["watchkeeper", "active"],
      ["watchkeeper-notify", "active"],
      ["watchkeeper-notify", "activating"],
    ] as const) {
      const others = `[ "$2" != ${unit}.service ] || { echo ${state}; exit 3; }; echo inactive; exit 3`;
      // There is no bundle around it: it never comes to installing.
      const { code, said } = staged(folderOf(t), "bundle/install.sh", others)();
      assert.deepEqual(
        [code, said],
        [1, `install.sh: ${unit} runs; end both first: systemctl stop watchkeeper watchkeeper-notify\n`],
        `${unit} ${state}`,
      );
    }
    assert.match(staged(folderOf(t), "bundle/install.sh", "echo inactive; exit 3")().said, /^The signature was not checked/u);
  });
});

describe("the Debian package's scripts", () => {
  test("a failed upgrade starts again what ran before it, and nothing else", (t) => {
    const folder = folderOf(t);
    const postinst = staged(folder, "debian/postinst", "");
    mkdirSync(path.join(folder, "upgrade"));
    writeFileSync(path.join(folder, "upgrade/watchkeeper-notify"), "");
    assert.deepEqual(postinst("abort-upgrade", "0.2.0"), { code: 0, said: "" });
    // The starts of before it count no more: a person's restarts and an upgrade within ten minutes leave no poller down.
    const asked = readFileSync(path.join(folder, "asked"), "utf8");
    assert.equal(asked, "daemon-reload\n--quiet reset-failed watchkeeper-notify.service\nstart watchkeeper-notify.service\n");
    assert.ok(!existsSync(path.join(folder, "upgrade")));
  });

  test("an upgrade ends and notes what runs, also what waits to be started again", (t) => {
    const folder = folderOf(t);
    const prerm = staged(
      folder,
      "debian/prerm",
      '[ "$1" != is-active ] || { [ "$2" != watchkeeper-notify.service ] || { echo activating; exit 3; }; echo inactive; exit 3; }',
    );
    assert.deepEqual(prerm("upgrade", "0.2.0"), { code: 0, said: "" });
    assert.ok(existsSync(path.join(folder, "upgrade/watchkeeper-notify")));
    assert.ok(!existsSync(path.join(folder, "upgrade/watchkeeper")));
    assert.match(readFileSync(path.join(folder, "asked"), "utf8"), /^stop watchkeeper-notify\.service$/mu);
    assert.doesNotMatch(readFileSync(path.join(folder, "asked"), "utf8"), /^stop watchkeeper\.service$/mu);
  });
});
