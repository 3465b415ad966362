/** Who may import whom: the table of ARCHITECTURE.md in a form a test can enforce. Extend it knowingly; a reviewer reads every line of it. */

export interface Layer {
  /** A folder (with its closing slash) or one file. The longest that fits a file is its layer. */
  readonly place: string;
  /** Places it may import besides itself. */
  readonly places: readonly string[];
  readonly packages: readonly string[];
}

const everyLayer = [
  "src/system-clock.ts",
  "src/domain/",
  "src/config/",
  "src/safety/",
  "src/wire/",
  "src/scheduler/",
  "src/drivers/",
  "src/store/",
  "src/passive/",
  "src/exporters/",
  "src/verify/",
  "src/fence/",
  "src/cli/",
  "src/notify/",
  "src/notifier/",
];

const protocolPackages = ["modbus-serial", "st-ethernet-ip", "node-opcua", "node-snap7", "net-snmp"];

export const layers: readonly Layer[] = [
  { place: "src/domain/", places: [], packages: [] },
  { place: "src/system-clock.ts", places: ["src/domain/"], packages: [] },
  { place: "src/config/", places: ["src/domain/"], packages: ["convict", "zod", "yaml"] },
  { place: "src/safety/", places: ["src/domain/"], packages: ["p-queue"] },
  { place: "src/wire/", places: ["src/domain/"], packages: [] },
  // The one file that opens a device file of this machine.
  { place: "src/wire/serial-port.ts", places: ["src/domain/", "src/wire/"], packages: ["@serialport/bindings-cpp"] },
  { place: "src/scheduler/", places: ["src/domain/"], packages: [] },
  // The registry alone knows every protocol; a protocol knows itself and its package.
  { place: "src/drivers/", places: ["src/domain/"], packages: [] },
  { place: "src/drivers/modbus/", places: ["src/domain/"], packages: ["modbus-serial"] },
  { place: "src/drivers/enip/", places: ["src/domain/"], packages: ["st-ethernet-ip"] },
  { place: "src/drivers/opcua/", places: ["src/domain/"], packages: ["node-opcua"] },
  { place: "src/drivers/s7/", places: ["src/domain/"], packages: [] },
  { place: "src/drivers/s7/child.ts", places: ["src/domain/", "src/drivers/s7/"], packages: ["node-snap7"] },
  { place: "src/drivers/s7/node-snap7.d.ts", places: [], packages: ["node-snap7"] },
  { place: "src/drivers/snmp/", places: ["src/domain/"], packages: ["net-snmp"] },
  { place: "src/drivers/icmp/", places: ["src/domain/"], packages: [] },
  { place: "src/store/", places: ["src/domain/"], packages: [] },
  { place: "src/passive/", places: ["src/domain/"], packages: ["net-snmp"] },
  { place: "src/exporters/", places: ["src/domain/"], packages: ["prom-client", "fastify", "pino"] },
  // Judges what the rest has sent, and so shares nothing with it.
  { place: "src/verify/", places: [], packages: [] },
  { place: "src/fence/", places: ["src/domain/", "src/config/"], packages: [] },
  {
    place: "src/cli/",
    places: ["src/domain/", "src/config/", "src/verify/", "src/fence/", "src/main.ts", "src/system-clock.ts"],
    packages: [],
  },
  // Tells people; what puts it together reads what the poller has written, and the machine's own routes.
  { place: "src/notify/", places: ["src/domain/"], packages: ["nodemailer"] },
  {
    place: "src/notifier/",
    places: ["src/domain/", "src/notify/", "src/store/", "src/safety/", "src/wire/reach.ts", "src/wire/routes.ts", "src/cli/ports.ts"],
    packages: [],
  },
  { place: "src/main.ts", places: [...everyLayer, "src/poller/"], packages: [] },
  { place: "src/poller/", places: [...everyLayer, "src/poller/bcrypt-thread.ts"], packages: [] },
  { place: "src/poller/bcrypt-thread.ts", places: [], packages: ["bcryptjs"] },
  { place: "simulators/", places: ["src/domain/"], packages: protocolPackages },
];

/**
 * Packages of which only some modules may be loaded, by their full specifiers. st-ethernet-ip's entry loads a Browser that broadcasts and a
 * Controller that opens connections of its own.
 */
export const modulesOfPackages: ReadonlyMap<string, readonly string[]> = new Map([
  [
    "st-ethernet-ip",
    [
      "st-ethernet-ip/dist/enip/encapsulation/index.js",
      "st-ethernet-ip/dist/enip/cip/message-router/index.js",
      "st-ethernet-ip/dist/enip/cip/epath/index.js",
      "st-ethernet-ip/dist/enip/cip/unconnected-send/index.js",
    ],
  ],
]);

/** Places inside a layer's folder that the layer itself may import, though they are layers of their own. */
export const registries: ReadonlyMap<string, readonly string[]> = new Map([
  [
    "src/drivers/registry.ts",
    ["src/drivers/modbus/", "src/drivers/enip/", "src/drivers/opcua/", "src/drivers/s7/", "src/drivers/snmp/", "src/drivers/icmp/"],
  ],
]);

/**
 * Builtins that reach out of the process or decide about time: where each may occur at all, whatever the table below says.
 * A builtin that stands neither here nor among the ordinary ones occurs nowhere in src.
 */
export const reservedBuiltins: ReadonlyMap<string, readonly RegExp[]> = new Map([
  // The program of node-snap7's process listens on its own loopback and reads which network it is in; it is not loaded into the poller.
  ["node:net", [/^src\/wire\//, /^src\/drivers\/s7\/child\.ts$/, /^src\/notify\/(dial|senders)\.ts$/]],
  // The notifier is a process of its own, and this is its only door.
  ["node:tls", [/^src\/notify\/dial\.ts$/]],
  ["node:dns", [/^src\/notify\/names\.ts$/]],
  ["node:dgram", [/^src\/wire\//]],
  // Commands run nft, which speaks to this machine's kernel alone.
  ["node:child_process", [/^src\/wire\//, /^src\/cli\/nft\.ts$/]],
  ["node:diagnostics_channel", [/^src\/wire\//]],
  ["node:http", [/^src\/cli\//, /^src\/notify\/senders\.ts$/]],
  ["node:sqlite", [/^src\/store\/database[^/]*\.ts$/]],
  ["node:worker_threads", [/^src\/(store|poller)\//]],
  ["node:fs", [/^src\/(config|wire|store|passive|exporters|cli|poller|notifier)\//, /^src\/main\.ts$/, /^src\/drivers\/s7\/child\.ts$/]],
  ["node:fs/promises", [/^src\/(config|wire|store|passive|exporters|cli)\//, /^src\/main\.ts$/]],
  ["node:os", [/^src\/(wire|store|cli|notifier)\//, /^src\/main\.ts$/, /^src\/poller\/bcrypt-thread\.ts$/]],
  ["node:readline", [/^src\/cli\//]],
  ["node:readline/promises", [/^src\/cli\//]],
  ["node:perf_hooks", [/^src\/system-clock\.ts$/]],
  ["node:timers", [/^src\/system-clock\.ts$/]],
  ["node:timers/promises", [/^src\/system-clock\.ts$/]],
]);

/** Builtins that only compute. */
export const ordinaryBuiltins: ReadonlySet<string> = new Set([
  "node:assert",
  "node:async_hooks",
  "node:buffer",
  "node:crypto",
  "node:events",
  "node:path",
  "node:process",
  "node:stream",
  "node:string_decoder",
  "node:url",
  "node:util",
]);

/** Which builtins each file of src imports, every one of them named. A line that no longer holds is an error too. */
export const builtinsPerFile: Readonly<Record<string, readonly string[]>> = {
  "src/cli/arguments.ts": ["node:util"],
  "src/cli/atomic-file.ts": ["node:fs", "node:path"],
  "src/cli/overrides.ts": ["node:path"],
  "src/cli/pinning.ts": ["node:fs", "node:path"],
  "src/cli/plan-against.ts": ["node:fs", "node:path"],
  "src/store/kept-plans.ts": ["node:fs", "node:fs/promises", "node:path"],
  "src/cli/worksheet.ts": ["node:fs", "node:path"],
  "src/cli/commands/conduits.ts": ["node:fs", "node:path"],
  "src/cli/commands/audit.ts": ["node:path"],
  "src/cli/commands/explain.ts": ["node:path"],
  "src/cli/commands/export.ts": ["node:path"],
  "src/cli/commands/fence.ts": ["node:path"],
  "src/cli/commands/import.ts": ["node:fs", "node:path"],
  "src/cli/commands/init.ts": ["node:fs", "node:path"],
  "src/cli/control-client.ts": ["node:http"],
  "src/cli/fence-systemd.ts": ["node:fs", "node:path"],
  "src/cli/listening-files.ts": ["node:fs"],
  "src/cli/machine.ts": ["node:fs", "node:os"],
  "src/cli/fence-record.ts": ["node:path"],
  "src/cli/nft.ts": ["node:child_process", "node:fs", "node:os"],
  "src/cli/poller.ts": ["node:path"],
  "src/cli/settings-file.ts": ["node:fs", "node:path"],
  "src/cli/state-places.ts": ["node:fs", "node:os", "node:path"],
  "src/cli/terminal.ts": ["node:readline"],
  "src/config/compile/digest.ts": ["node:crypto"],
  "src/config/compile/site-file.ts": ["node:path"],
  "src/config/credentials.ts": ["node:path"],
  "src/config/library.ts": ["node:path"],
  "src/config/load.ts": ["node:path"],
  "src/config/certificate-facts.ts": ["node:crypto"],
  "src/config/read-file.ts": ["node:fs"],
  "src/config/read-secret-file.ts": ["node:fs"],
  "src/config/server-certificates.ts": ["node:crypto", "node:fs"],
  "src/config/settings.ts": ["node:path"],
  "src/config/shipped-profiles.ts": ["node:path"],
  "src/config/web-certificate.ts": ["node:crypto"],
  "src/config/web-config.ts": ["node:path"],
  "src/drivers/enip/decode.ts": ["node:buffer"],
  "src/drivers/modbus/port.ts": ["node:events"],
  "src/drivers/modbus/text.ts": ["node:buffer"],
  "src/drivers/opcua/fingerprint.ts": ["node:crypto"],
  "src/drivers/opcua/nonce.ts": ["node:crypto"],
  "src/drivers/opcua/secured.ts": ["node:crypto"],
  "src/drivers/opcua/transport.ts": ["node:events"],
  "src/drivers/s7/child.ts": ["node:fs", "node:net"],
  "src/drivers/snmp/values.ts": ["node:buffer"],
  "src/drivers/snmp/port.ts": ["node:buffer", "node:events"],
  "src/exporters/control.ts": ["node:fs"],
  "src/exporters/http.ts": ["node:stream"],
  "src/exporters/listening.ts": ["node:events", "node:fs"],
  "src/exporters/password-check.ts": ["node:crypto"],
  "src/exporters/socket-file.ts": ["node:fs"],
  "src/exporters/web-routes.ts": ["node:stream"],
  "src/exporters/web-tls.ts": ["node:crypto"],
  "src/poller/fence-watch.ts": ["node:fs", "node:path"],
  "src/poller/bcrypt-thread.ts": ["node:os", "node:worker_threads"],
  "src/cli/commands/notify.ts": ["node:path"],
  "src/config/notify.ts": ["node:path"],
  "src/notify/dial.ts": ["node:net", "node:tls"],
  "src/notify/names.ts": ["node:dns"],
  "src/notifier/run-notifier.ts": ["node:fs", "node:os", "node:path"],
  "src/notify/senders.ts": ["node:http", "node:net"],
  "src/store/database-news.ts": ["node:sqlite"],
  "src/store/database-outbox.ts": ["node:fs", "node:path", "node:sqlite"],
  "src/poller/planner.ts": ["node:worker_threads"],
  "src/poller/planner-thread.ts": ["node:worker_threads"],
  "src/poller/prepared.ts": ["node:fs"],
  "src/poller/s7-process.ts": ["node:url"],
  "src/main.ts": ["node:path"],
  "src/poller/assemble.ts": ["node:path"],
  "src/poller/self-test/safeguards.ts": ["node:fs", "node:path"],
  "src/poller/self-test/talkers.ts": ["node:fs"],
  "src/poller/version.ts": ["node:fs", "node:path"],
  "src/poller/web-keeper.ts": ["node:fs", "node:path"],
  "src/store/audit-chain.ts": ["node:crypto"],
  "src/store/birth-time.ts": ["node:fs", "node:path"],
  "src/store/boot.ts": ["node:fs"],
  "src/store/database-audit.ts": ["node:sqlite"],
  "src/store/database-reading.ts": ["node:fs", "node:sqlite", "node:url"],
  "src/store/database-lock.ts": ["node:fs", "node:os", "node:path", "node:sqlite"],
  "src/store/database-worker.ts": ["node:worker_threads"],
  "src/store/database.ts": ["node:fs", "node:sqlite"],
  "src/store/deep-records.ts": ["node:fs", "node:path"],
  "src/store/durable-file.ts": ["node:fs", "node:path"],
  "src/store/head-beside.ts": ["node:fs", "node:path"],
  "src/store/in-flight-file.ts": ["node:crypto", "node:fs", "node:path"],
  "src/store/journal-thread.ts": ["node:worker_threads"],
  "src/store/journal.ts": ["node:path", "node:worker_threads"],
  "src/store/queued-journal.ts": ["node:worker_threads"],
  "src/store/quiet-records.ts": ["node:fs", "node:path"],
  "src/store/state-folder.ts": ["node:crypto", "node:fs", "node:os", "node:path"],
  "src/store/stop-file.ts": ["node:fs", "node:path"],
  "src/store/trips-beside.ts": ["node:fs"],
  "src/store/windows-file.ts": ["node:fs", "node:path"],
  "src/wire/acknowledged.ts": ["node:fs"],
  "src/wire/ping.ts": ["node:child_process", "node:fs"],
  "src/wire/own-sockets.ts": ["node:net"],
  "src/wire/reach.ts": ["node:fs", "node:os"],
  "src/wire/s7-child.ts": ["node:child_process", "node:fs"],
  "src/wire/serial-port.ts": ["node:fs"],
  "src/wire/single-poller.ts": ["node:crypto", "node:events", "node:net"],
  "src/wire/tcp.ts": ["node:net"],
  "src/wire/tripwire.ts": ["node:dgram", "node:diagnostics_channel", "node:net"],
  "src/wire/udp.ts": ["node:dgram", "node:net"],
};
