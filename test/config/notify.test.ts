/** notify.yaml: whom to tell, and every mistake with its line, what was found and what is expected; no secret is ever shown. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { loadNotify } from "../../src/config/notify.ts";
import { formatProblem } from "../../src/config/problem.ts";
import type { NotifyConfig } from "../../src/domain/notify.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watchkeeper-notify-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(text: string): NotifyConfig | string {
  writeFileSync(join(folder, "notify.yaml"), `schema: notify/v1\n${text}`);
  const loaded = loadNotify("notify.yaml", join(folder, "notify.yaml"));
  return loaded.ok ? loaded.value : loaded.problems.map(formatProblem).join("\n");
}

function file(name: string, text: string, mode = 0o600): void {
  writeFileSync(join(folder, name), text, { mode });
  chmodSync(join(folder, name), mode);
}

const mail = "id: m, kind: mail, host: mail.ship.example, port: 587, from: wk@ship.example, to: [eto@ship.example]";
const syslog = "id: s, kind: syslog, host: 192.168.10.4, port: 6514";

test("every kind of target can be written, with defaults for what is left out", () => {
  file("mail.password", "s3cret\n");
  file("hook.token", "t0ken", 0o400);
  file("ca.pem", "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n", 0o644);
  const config = load(
    `nameServers: [192.168.10.53]
silentAfter: 10m
targets:
  - {${mail}, tls: starttls, user: watchkeeper, passwordFile: ./mail.password, caFile: ./ca.pem, severity: critical}
  - {${syslog}, tls: implicit, facility: local7}
  - {id: w, kind: webhook, url: "https://alerts.ship.example/hook?x=1", tokenFile: hook.token}
  - {id: am, kind: webhook, url: "http://127.0.0.1:9093/api/v2/alerts", format: alertmanager}
`,
  );
  if (typeof config === "string") assert.fail(config);
  assert.deepEqual([config.groupWait, config.groupInterval, config.silentAfter], [30_000, 300_000, 600_000]);
  const [first, second, third, fourth] = config.targets;
  assert.ok(
    first?.kind === "mail" && first.login?.password.reveal() === "s3cret" && first.ca?.includes("MII=") && first.least === "critical",
  );
  assert.ok(second?.kind === "syslog" && second.facility === 23 && second.least === "warning");
  assert.ok(third?.kind === "webhook" && third.port === 443 && third.path === "/hook?x=1" && third.token?.reveal() === "t0ken");
  assert.deepEqual(fourth, {
    id: "am",
    kind: "webhook",
    host: "127.0.0.1",
    port: 9093,
    tls: "none",
    path: "/api/v2/alerts",
    format: "alertmanager",
    least: "warning",
  });
  assert.doesNotMatch(JSON.stringify(config), /s3cret|t0ken/u);
});

describe("a mistake is named with line, what was found, what is expected and what to do", () => {
  const cases: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    ["no target", "targets: []", /^notify.yaml:2: targets: found an empty list, expected at least one target$/u],
    [
      "a kind that is none",
      "targets:\n  - {id: x, kind: sms}",
      /^notify.yaml:3: targets\[0\].kind: found "sms", expected one of mail, syslog, webhook$/u,
    ],
    [
      "security that is not said",
      `targets:\n  - {${mail}}`,
      /^notify.yaml:3: targets\[0\].tls: found nothing, expected one of implicit, starttls, none$/u,
    ],
    [
      "a password in the clear",
      `targets:\n  - {${mail}, tls: none, user: x, passwordFile: p}`,
      /tls: found "none" with a password, expected implicit or starttls/u,
    ],
    [
      "half a login",
      `targets:\n  - {${mail}, tls: starttls, user: x}`,
      /passwordFile: found only one of user and passwordFile, expected both or none/u,
    ],
    [
      "a password anybody can read",
      `targets:\n  - {${mail}, tls: starttls, user: x, passwordFile: open}`,
      /passwordFile: found the mode 0644, with which it holds secrets, expected 0600 or 0400.*chmod 600/u,
    ],
    [
      "a password file that is not there",
      `targets:\n  - {${mail}, tls: starttls, user: x, passwordFile: gone}`,
      /passwordFile: found nothing there, expected something readable at .*gone/u,
    ],
    [
      "an address with a name in it",
      `targets:\n  - {${mail.replace("wk@", "Watch <wk@")}, tls: none}`,
      /from: found .*expected one bare e-mail address/u,
    ],
    [
      "a host that is none",
      `targets:\n  - {${syslog.replace("192.168.10.4", '"10.20.1"')}, tls: none}`,
      /host: found "10.20.1", expected a literal address, or a name/u,
    ],
    [
      "a webhook in the clear",
      'targets:\n  - {id: w, kind: webhook, url: "http://alerts.ship.example/x"}',
      /url: found "http:\/\/alerts.ship.example\/x", expected https:\/\/ with a host and a path; http:\/\/ only to this machine/u,
    ],
    [
      "a password in a URL",
      'targets:\n  - {id: w, kind: webhook, url: "https://me:hush@alerts.ship.example/x"}',
      /url: found a URL with a user in it, .*tokenFile/u,
    ],
    [
      "an id twice",
      `targets:\n  - {${syslog}, tls: none}\n  - {${syslog}, tls: none}`,
      /^notify.yaml:4: targets\[1\].id: found "s" for the second time, expected an id of its own$/u,
    ],
    [
      "a name as name server",
      `nameServers: [dns]\ntargets:\n  - {${syslog}, tls: none}`,
      /^notify.yaml:2: nameServers\[0\]: found "dns", expected a literal address/u,
    ],
    [
      "a stub on this machine as name server",
      `nameServers: [127.0.0.53]\ntargets:\n  - {${syslog}, tls: none}`,
      /expected a name server on another machine .*asks onward/u,
    ],
    [
      "a silence that every poller has",
      `silentAfter: 60s\ntargets:\n  - {${syslog}, tls: none}`,
      /silentAfter: found "60s", expected from 130s/u,
    ],
    [
      "authorities that are none",
      `targets:\n  - {${syslog}, tls: implicit, caFile: open}`,
      /caFile: found a file that is not one, expected certificates in PEM/u,
    ],
    [
      "a key that does not belong",
      `targets:\n  - {${syslog}, tls: none, from: x}`,
      /from: found the key "from", expected a key that belongs here/u,
    ],
  ];
  for (const [what, text, message] of cases) {
    test(what, () => {
      file("open", "hush-hush\n", 0o644);
      const found = load(text);
      assert.ok(typeof found === "string");
      assert.match(found, message);
      assert.doesNotMatch(found, /hush/u);
    });
  }

  test("a file that is not there says where one is to begin with", () => {
    const loaded = loadNotify("notify.yaml", join(folder, "notify.yaml"));
    assert.match(loaded.ok ? "" : loaded.problems.map(formatProblem).join(), /notify.yaml:1: found nothing there.*docs\/notifications.md/u);
  });
});
