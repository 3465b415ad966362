/** Each setting that a reload does not take over is named; the others are read anew and are not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settings } from "../../src/config/loaded-site.ts";
import { restartNeeded } from "../../src/config/restart-needed.ts";

const begun: Settings = {
  site: "mv-aurora",
  stateDir: "/site/state",
  watchlist: "/site/watchlist.yaml",
  profileDir: "/site/device-profiles",
  credentials: null,
  web: { listenAddresses: [{ host: "127.0.0.1", port: 9824 }], configFile: null, hosts: [] },
  log: { level: "info", format: "json" },
  labels: { address: false },
};

test("what is taken at the start alone is named once it is changed", () => {
  const { web, log } = begun;
  const changes: readonly (readonly [string, Settings])[] = [
    ["site", { ...begun, site: "other" }],
    ["stateDir", { ...begun, stateDir: "/elsewhere" }],
    ["web.listenAddresses", { ...begun, web: { ...web, listenAddresses: [{ host: "127.0.0.1", port: 9825 }] } }],
    ["web.configFile", { ...begun, web: { ...web, configFile: "/site/web.yaml" } }],
    ["web.hosts", { ...begun, web: { ...web, hosts: ["bridge"] } }],
    ["log.level", { ...begun, log: { ...log, level: "debug" } }],
    ["log.format", { ...begun, log: { ...log, format: "text" } }],
    ["labels.address", { ...begun, labels: { address: true } }],
  ];
  for (const [name, changed] of changes) assert.deepEqual(restartNeeded(begun, changed), [name]);
});

test("what every reload reads is not, nor what is as it was", () => {
  assert.deepEqual(restartNeeded(begun, { ...begun, watchlist: "/w.yaml", profileDir: "/p", credentials: "/c.yaml" }), []);
  assert.deepEqual(restartNeeded(begun, structuredClone(begun)), []);
});
