/** The way of a site from nothing to an approved device, by its commands and its real state folder, with what a person sees at each step. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { runCli } from "../../src/cli/cli.ts";
import { commands } from "../../src/cli/commands.ts";
import { stateStore } from "../../src/main.ts";
import { systemClock } from "../../src/system-clock.ts";
import { signature, type Ran } from "./support/site.ts";
import { surroundings, type Changes } from "./support/surroundings.ts";

let parent = "";
let folder = "";

async function watchkeeper(argv: readonly string[], changes: Changes = {}): Promise<Ran> {
  const world = surroundings({ cwd: folder, state: stateStore(systemClock), ...changes });
  const code = await runCli(argv, commands, world);
  const plainly = (text: string): string => text.replaceAll(parent, "PARENT").replaceAll(/sha256:[0-9a-f]{64}/gu, "sha256:…");
  return { code, out: plainly(world.out()), err: plainly(world.err()) };
}

function edit(file: string, change: (text: string) => string): void {
  const location = path.join(folder, file);
  writeFileSync(location, change(readFileSync(location, "utf8")));
}

/** The digest that `plan` prints for a person to copy. */
async function covers(profile: string): Promise<string> {
  const world = surroundings({ cwd: folder, state: stateStore(systemClock) });
  await runCli(["plan", "--json"], commands, world);
  const { profiles } = JSON.parse(world.out()) as { profiles: { id: string; covers: string }[] };
  return profiles.find(({ id }) => id === profile)?.covers ?? "";
}

before(() => {
  parent = mkdtempSync(path.join(tmpdir(), "wk-"));
  folder = parent;
});
after(() => rmSync(parent, { recursive: true }));

/** What `plan` says of the family: which document stands behind it. */
const behindIt = [
  "  the owner states first: otherClients, watchdog; nothing is missing",
  "  no document was found on: speaks modbus-fc43, connections at once, what one connection too many does, after which",
  "    silence it closes a connection, what feeds its watchdog, whether an ended connection trips it",
  "  every interval is Watchkeeper's own and no vendor's; all that is known: watchkeeper profiles show generic-modbus-tcp",
];

describe("the life of a site", () => {
  test("begins with init, which makes a state folder for its user alone", async () => {
    assert.equal((await watchkeeper(["init", "site", "--site", "mv-aurora"])).code, 0);
    folder = path.join(parent, "site");
    assert.equal(statSync(path.join(folder, "state")).mode & 0o777, 0o700);
  });

  test("has no mistake and asks nothing as it was made", async () => {
    assert.deepEqual(await watchkeeper(["check-config"]), {
      code: 0,
      err: "",
      out: "No mistake in watchkeeper.yaml, watchlist.yaml.\n0 devices: 0 checks would be asked, 0 checks not: see `watchkeeper plan`.",
    });
    const plan = await watchkeeper(["plan"]);
    assert.match(plan.out, /^NOTHING IS ASKED: no check is admitted\.$/m);
  });

  test("takes the example of its watchlist as it stands, once the # are gone", async () => {
    edit("watchlist.yaml", (text) => text.replaceAll(/^# {2}/gmu, ""));
    assert.deepEqual(await watchkeeper(["check-config"]), {
      code: 0,
      err: "",
      out: "No mistake in watchkeeper.yaml, watchlist.yaml.\n1 device: 0 checks would be asked, 1 check not: see `watchkeeper plan`.",
    });
  });

  test("says every mistake at once, with file and line", async () => {
    edit("watchlist.yaml", (text) => text.replace("192.0.2.11", "10.9.9.9").replace("192.0.2.80/28", "192.0.2.81/28"));
    const line = (word: string): number =>
      readFileSync(path.join(folder, "watchlist.yaml"), "utf8")
        .split("\n")
        .findIndex((one) => one.includes(word)) + 1;
    const mistakes = [
      `watchlist.yaml:${line("10.9.9.9")}: devices[0].address: found "10.9.9.9", expected an address inside 192.0.2.0/24, the subnet of segment hvac`,
      `watchlist.yaml:${line("192.0.2.81")}: excluded[1].range: found "192.0.2.81/28", expected 192.0.2.80/28 (hint: the first address of the range, so that it says which it is)`,
    ];
    const told = [...mistakes, "2 problems. A poller that runs keeps the files as they were; one that starts asks nothing."];
    assert.deepEqual(await watchkeeper(["check-config"]), { code: 1, out: "", err: told.join("\n") });
    assert.deepEqual(await watchkeeper(["plan"]), { code: 1, out: "", err: mistakes.join("\n") });
    assert.deepEqual(await watchkeeper(["explain", "fresh-water-plc"]), {
      code: 1,
      out: "",
      err: `fresh-water-plc is not asked: ${mistakes[0] ?? ""}`,
    });
    const json = JSON.parse((await watchkeeper(["check-config", "--json"])).out) as {
      ok: boolean;
      problems: { file: string; path: string }[];
    };
    assert.equal(json.ok, false);
    assert.deepEqual(
      json.problems.map(({ file, path: where }) => [file, where]),
      [
        ["watchlist.yaml", "devices[0].address"],
        ["watchlist.yaml", "excluded[1].range"],
      ],
    );
    edit("watchlist.yaml", (text) => text.replace("10.9.9.9", "192.0.2.11").replace("192.0.2.81/28", "192.0.2.80/28"));
  });

  test("shows in its plan what is missing", async () => {
    assert.deepEqual(await watchkeeper(["plan"]), {
      code: 0,
      err: "",
      out: [
        "site mv-aurora   plan sha256:…",
        "1 device: 0 checks asked, 1 not asked",
        "starts per second, planned of at most: site 0 of 7, segment hvac 0 of 1.4",
        "",
        "NOTHING IS ASKED: no check is admitted.",
        "",
        "generic-modbus-tcp: stage draft, 1 device, 0 of 1 check asked",
        "  covers sha256:…",
        ...behindIt,
        "",
        "NOT ASKED",
        "fresh-water-plc/modbus-fc43: no person has approved this profile",
        "    device-profiles/generic-modbus-tcp.yaml does not exist: check the profile, then approve it (watchkeeper approve",
        "    generic-modbus-tcp --covers sha256:… …)",
        "",
        "WOULD BE SENT IF APPROVED",
        "fresh-water-plc/modbus-fc43: FC 43/14 read device identification, basic, unit 1",
        "  to 192.0.2.11 tcp/502 every 1 min, a connection for each check; connect within 800 ms, answer within 5 s; an answer",
        "    proves comms-module",
        "  frame .. .. 00 00 00 05 01 2b 0e 01 00 (modbus-read-device-identification)",
        "  packets: 6 to the device and 4 back; at worst 15 to it, 28 if the poller freezes, 20 if it is killed, and 3 ARP",
        "    broadcasts",
        "  alarm at the latest after 3 min 7 s (3 misses), unless a hold begins (several devices silent together): then the",
        "    hold is the alarm",
      ].join("\n"),
    });
  });

  test("explains a device that is not approved", async () => {
    const explained = await watchkeeper(["explain", "fresh-water-plc"]);
    assert.deepEqual(explained, {
      code: 0,
      err: "",
      out: [
        "fresh-water-plc is not asked: not_approved: device-profiles/generic-modbus-tcp.yaml does not exist: check the profile, then approve it (watchkeeper approve generic-modbus-tcp --covers sha256:… …)",
        "",
        "WOULD BE SENT IF APPROVED",
        "fresh-water-plc/modbus-fc43: FC 43/14 read device identification, basic, unit 1",
        "  to 192.0.2.11 tcp/502 every 1 min, a connection for each check; connect within 800 ms, answer within 5 s; an answer proves comms-module",
        "  frame .. .. 00 00 00 05 01 2b 0e 01 00 (modbus-read-device-identification)",
        "  packets: 6 to the device and 4 back; at worst 15 to it, 28 if the poller freezes, 20 if it is killed, and 3 ARP broadcasts",
        "  alarm at the latest after 3 min 7 s (3 misses), unless a hold begins (several devices silent together): then the hold is the alarm",
        "",
        "Which document says so",
        `${behindIt[1] ?? ""} ${behindIt[2]?.trim() ?? ""}`,
        behindIt[3],
        "",
        "An approval would admit it as sha256:…",
      ].join("\n"),
    });
  });

  test("does not know a device that is not in the watchlist", async () => {
    assert.deepEqual(await watchkeeper(["explain", "fresh-water"]), {
      code: 1,
      out: "",
      err: "fresh-water: not in watchlist.yaml\nDid you mean fresh-water-plc?",
    });
  });

  test("is not approved by half a signature", async () => {
    const ran = await watchkeeper(["approve", "generic-modbus-tcp", "--all-new", "--basis", "risk"]);
    assert.equal(ran.code, 2);
    assert.deepEqual(ran.err.split("\n").slice(0, 6), [
      "watchkeeper approve: --covers <digest> is missing: sha256:… of what was looked at, as `watchkeeper plan` prints it",
      "watchkeeper approve: --prepared-by <name> is missing: who worked it out",
      "watchkeeper approve: --accepted-by <name> is missing: who is responsible for the plant and accepted it, and how; another person",
      "watchkeeper approve: --basis-text <text> is missing: why the risk is acceptable, or the vendor's document and page",
      "watchkeeper approve: --until <date> is missing: the last day, such as 2028-02-21: at most 15 months ahead",
      "watchkeeper approve: --change <ref> is missing: the change in your management of change",
    ]);
    assert.deepEqual(readdirSync(path.join(folder, "device-profiles")), ["README.md"]);
  });

  test("is not approved by the digest of something else", async () => {
    const ran = await watchkeeper(["approve", "generic-modbus-tcp", "--all-new", "--covers", `sha256:${"0".repeat(64)}`, ...signature]);
    assert.deepEqual(ran, {
      code: 1,
      out: "",
      err: 'covers: found "sha256:…", expected sha256:…: the profile is other than what was looked at; look at `plan` again',
    });
    assert.deepEqual(readdirSync(path.join(folder, "device-profiles")), ["README.md"]);
  });

  test("is approved by a person who looked, with a record", async () => {
    const ran = await watchkeeper([
      "approve",
      "generic-modbus-tcp",
      "--all-new",
      "--covers",
      await covers("generic-modbus-tcp"),
      ...signature,
    ]);
    assert.deepEqual(ran, {
      code: 0,
      err: "",
      out: [
        "Written: device-profiles/generic-modbus-tcp.yaml",
        "The plan now asks 1 check and does not ask 0: see `watchkeeper plan`.",
        "A poller that runs goes by the files as they were until `watchkeeper reload`.",
      ].join("\n"),
    });
    assert.deepEqual(readdirSync(path.join(folder, "device-profiles")).toSorted(), ["README.md", "generic-modbus-tcp.yaml"]);
  });

  test("then shows what is asked, how often and at worst", async () => {
    const json = JSON.parse((await watchkeeper(["plan", "--json"])).out) as { checks: readonly { worstCase: Record<string, number> }[] };
    const { packetsMax, packetsMaxFrozen, packetsMaxKilled } = json.checks[0]?.worstCase ?? {};
    assert.deepEqual(await watchkeeper(["plan"]), {
      code: 0,
      err: "",
      out: [
        "site mv-aurora   plan sha256:…",
        "1 device: 1 check asked, 0 not asked",
        "starts per second, planned of at most: site 0.017 of 7, segment hvac 0.017 of 1.4",
        "",
        "ASKED                        AT              EVERY  ALARM AFTER  SENDS",
        "fresh-water-plc/modbus-fc43  192.0.2.11:502  1 min  3 min 7 s    FC 43/14 read device identification, basic, unit 1",
        "ALARM AFTER is at the latest, unless a hold begins (several devices silent together): then the hold is the alarm.",
        "",
        "generic-modbus-tcp: stage approved, 1 device, 1 of 1 check asked",
        "  covers sha256:…",
        "  approved until 2028-02-21",
        `  packets to a device for one check: 6 when it answers; at most ${packetsMax ?? ""} whatever it does, ${packetsMaxFrozen ?? ""} when the poller freezes in the`,
        `    middle, ${packetsMaxKilled ?? ""} when it is killed; ARP to its segment: at most 3 each time the kernel looks for it`,
        ...behindIt,
      ].join("\n"),
    });
  });

  test("explains that no poller runs, and that the site is stopped", async () => {
    assert.match(
      (await watchkeeper(["explain", "fresh-water-plc"])).out,
      /^fresh-water-plc is not asked: no poller runs; the plan would ask it: start `watchkeeper run`\n/,
    );
    assert.equal((await watchkeeper(["stop", "--by", "chief", "--reason", "smoke"])).code, 0);
    assert.match(
      (await watchkeeper(["explain", "fresh-water-plc"])).out,
      /^fresh-water-plc is not asked: the site is stopped, by chief: smoke\n/,
    );
    assert.equal((await watchkeeper(["resume", "--by", "chief", "--reason", "over"])).code, 0);
  });

  test("renews what has not changed, and keeps the comments of the file", async () => {
    edit("device-profiles/generic-modbus-tcp.yaml", (text) => `${text}# the maker's letter lies in binder 7\n`);
    const ran = await watchkeeper(["renew", "generic-modbus-tcp", ...signature]);
    assert.equal(ran.code, 0, ran.err);
    assert.match(
      readFileSync(path.join(folder, "device-profiles/generic-modbus-tcp.yaml"), "utf8"),
      /^# the maker's letter lies in binder 7$/m,
    );
  });

  test("suspends a family", async () => {
    const ran = await watchkeeper(["suspend", "generic-modbus-tcp", "--by", "eto-1", "--reason", "maker warns"]);
    assert.deepEqual(ran, {
      code: 0,
      err: "",
      out: [
        "Written: device-profiles/generic-modbus-tcp.yaml",
        "The plan now asks 0 checks and does not ask 1: see `watchkeeper plan`.",
        "A poller that runs goes by the files as they were until `watchkeeper reload`.",
      ].join("\n"),
    });
  });

  test("needs a poller for what only a poller knows", async () => {
    for (const argv of [["status"], ["reload"], ["check", "fresh-water-plc"]]) {
      assert.deepEqual(await watchkeeper(argv), {
        code: 1,
        out: "",
        err: "PARENT/site/state/control.sock: no poller runs for this site; start it with `watchkeeper run`",
      });
    }
  });
});
