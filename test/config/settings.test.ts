/** Settings come from watchkeeper.yaml and from nowhere else, each checked as it is written. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseListenAddress } from "../../src/config/listen-address.ts";
import type { Settings } from "../../src/config/loaded-site.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { parseSettings } from "../../src/config/settings.ts";
import { settings as table } from "../../src/config/settings-schema.ts";
import { parseYaml } from "../../src/config/yaml.ts";

function refused(text: string): string {
  const found = parse(text);
  return Array.isArray(found) ? found.join("\n") : "";
}

function parse(text: string): Settings | readonly string[] {
  const file = parseYaml("watchkeeper.yaml", text);
  assert.ok(file.ok);
  const parsed = parseSettings(file, "/srv/site/watchkeeper.yaml");
  return parsed.ok ? parsed.value : parsed.problems.map(formatProblem);
}

const defaults: Settings = {
  site: "mv-aurora",
  stateDir: "/srv/site/state",
  watchlist: "/srv/site/watchlist.yaml",
  profileDir: "/srv/site/device-profiles",
  credentials: null,
  web: { listenAddresses: [{ host: "127.0.0.1", port: 9824 }], configFile: null, hosts: [] },
  log: { level: "info", format: "json" },
  labels: { address: false },
};

test("the site's id is all that must be written", () => {
  assert.deepEqual(parse("site: mv-aurora\n"), defaults);
});

test("every setting can be written", () => {
  const text = [
    "site: mv-aurora",
    "stateDir: /var/lib/watchkeeper",
    "watchlist: ../shared/watchlist.yaml",
    "profileDir: profiles",
    "credentials: ../secret/credentials.yaml",
    'web: {listenAddresses: ["127.0.0.2:9825", "[::1]:9824", "unix:/run/watchkeeper/web.sock", systemd], configFile: web.yaml, hosts: [Poller.Ship]}',
    "log: {level: debug, format: text}",
    "labels: {address: true}",
  ];
  assert.deepEqual(parse(text.join("\n")), {
    site: "mv-aurora",
    stateDir: "/var/lib/watchkeeper",
    watchlist: "/srv/shared/watchlist.yaml",
    profileDir: "/srv/site/profiles",
    credentials: "/srv/secret/credentials.yaml",
    web: {
      listenAddresses: [
        { host: "127.0.0.2", port: 9825 },
        { host: "::1", port: 9824 },
        { path: "/run/watchkeeper/web.sock" },
        { systemd: true },
      ],
      configFile: "/srv/site/web.yaml",
      hosts: ["poller.ship"],
    },
    log: { level: "debug", format: "text" },
    labels: { address: true },
  });
});

test("neither the environment nor the command line of the host is read", () => {
  const names = table.map(({ path }) => path.join("."));
  const argv = [...process.argv];
  const before = { ...process.env };
  try {
    for (const name of [...names, ...names.map((one) => one.toUpperCase().replaceAll(".", "_"))]) {
      process.env[name] = "debug";
      process.argv.push(`--${name}=debug`, `--${name}`, "debug");
    }
    assert.deepEqual(parse("site: mv-aurora\n"), defaults);
  } finally {
    process.argv = argv;
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  }
});

describe("nothing is turned into what it is not:", () => {
  const unturned: readonly [string, RegExp][] = [
    ['labels: {address: "yes"}', /labels\.address: found "yes", expected true or false/],
    ["labels: {address: 1}", /labels\.address: found 1, expected true or false/],
    ["labels: {address: null}", /labels\.address: found an empty value/],
    ['web: {listenAddresses: "127.0.0.1:9824", configFile: null}', /web\.listenAddresses: found "127\.0\.0\.1:9824", expected a list/],
    ["stateDir: 5", /stateDir: found 5, expected a path/],
    ["stateDir: [a, b]", /stateDir: found a list of 2, expected a path/],
    ['log: {level: "INFO"}', /log\.level: found "INFO", expected one of/],
    ["log: {level: constructor}", /log\.level: found "constructor", expected one of/],
    ["constructor: {prototype: {polluted: true}}", /constructor: found the key "constructor"/],
    ['"web.configFile": null', /\["web\.configFile"\]: found the key "web\.configFile"/],
  ];
  for (const [line, expected] of unturned) {
    test(line, () => {
      const found = parse(`site: mv-aurora\n${line}\n`);
      assert.ok(Array.isArray(found), JSON.stringify(found));
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(String(found[0]), expected);
      assert.match(String(found[0]), /^watchkeeper\.yaml:2: /);
    });
  }
  test("and nothing leaks into other objects", () => {
    parse("site: a\nconstructor: {prototype: {polluted: true}}\n");
    assert.ok(!("polluted" in {}));
  });
});

test("every problem of the file is reported, and none twice", () => {
  const found = parse("site: {a: {b: 1}}\nstateDir:\nweb:\nlog: {level: loud, x: 1}\nlabels: {address: no}\nlog.level: 3\n");
  assert.ok(Array.isArray(found));
  const paths = found.map((line: string) => /^watchkeeper\.yaml:(\d+: [^ ]*):/u.exec(line)?.[1]);
  const expected = ["1: site", "2: stateDir", "3: web", "4: log.level", "4: log.x", "5: labels.address", '6: ["log.level"]'];
  assert.equal(paths.length, expected.length);
  assert.deepEqual(new Set(paths), new Set(expected));
});

test("what the command line said takes the place of what the file says", () => {
  const file = parseYaml("watchkeeper.yaml", "site: mv-aurora\nweb: {configFile: web.yaml}\nlog: {format: text}\n");
  assert.ok(file.ok);
  const overrides = { listenAddresses: ["[::1]:1", "unix:/run/x"], webConfigFile: "/etc/web.yaml", logLevel: "warn" } as const;
  const parsed = parseSettings(file, "/srv/site/watchkeeper.yaml", overrides);
  assert.deepEqual(parsed.ok && [parsed.value.web, parsed.value.log], [
    { listenAddresses: [{ host: "::1", port: 1 }, { path: "/run/x" }], configFile: "/etc/web.yaml", hosts: [] },
    { level: "warn", format: "text" },
  ]);
});

test("the path of the control socket may take 100 bytes and no more", () => {
  // "/control.sock" takes 13 of them.
  assert.equal(refused(`site: a\nstateDir: /${"x".repeat(86)}\n`), "");
  assert.match(refused(`site: a\nstateDir: /${"x".repeat(87)}\n`), /stateDir: .* takes 101 bytes, expected at most 100 bytes/);
  assert.match(refused(`site: a\nstateDir: /${"ü".repeat(44)}\n`), /takes 102 bytes/);
});

describe("a listen address", () => {
  // Whether others than this machine may reach it is judged with the web configuration (checks/web.test.ts).
  const accepted: readonly [string, string, number][] = [
    ["127.0.0.1:9824", "127.0.0.1", 9824],
    ["127.255.0.1:1", "127.255.0.1", 1],
    ["[::1]:65535", "::1", 65_535],
    ["0.0.0.0:9824", "0.0.0.0", 9824],
    ["[::]:9824", "::", 9824],
    ["10.20.1.5:9824", "10.20.1.5", 9824],
  ];
  for (const [text, host, port] of accepted) {
    test(`${text} is one`, () => {
      assert.deepEqual(parseListenAddress(text), { host, port });
    });
  }
  const malformed = [
    "127.0.0.1",
    "127.0.0.1:",
    ":9824",
    "9824",
    "127.0.0.1:0",
    "127.0.0.1:09824",
    "127.0.0.1:65536",
    "::1:9824",
    "[127.0.0.1]:9824",
    "localhost:9824",
    "plc:9824",
    "127.1:9824",
    "[::ffff:127.0.0.1]:9824",
    "224.0.0.1:9824",
    "unix:web.sock",
    "unix:/run/",
    `unix:/${"x".repeat(100)}`,
    9824,
    null,
  ];
  for (const value of malformed) {
    test(`${JSON.stringify(value)} is none`, () => {
      assert.ok("found" in parseListenAddress(value));
    });
  }
});
