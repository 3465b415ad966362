/** Memory of a whole poller at 10,000 devices, by device; nothing of it is imported above the first measurement, but types. */
import type { Figure } from "./figure.ts";
import { memory } from "./in-use.ts";
import type { Sizes } from "./sizes.ts";

const deviceAimBytes = 10_000;

export async function run({ devices, keptConnections }: Sizes): Promise<readonly Figure[]> {
  const empty = await memory();
  const { answered, awake, intervalMs, openSite, sitePlan } = await import("./site.ts");
  const { MovedClock: Clock } = await import("./moved-clock.ts");
  const { pageOf } = await import("./page.ts");
  const { loopbackDial } = await import("./loopback-wire.ts");
  const { milliseconds } = await import("../src/domain/units.ts");
  const { Scheduler } = await import("../src/scheduler/scheduler.ts");
  const { tcpDialler } = await import("../src/wire/tcp.ts");
  const { startDevices } = await import("./device-process.ts");
  // What else the poller loads: journal, event log, web server, control socket.
  await import("../src/poller/run-poller.ts");
  await import("modbus-serial");
  const loaded = await memory();

  const clock = new Clock();
  const placeOf = (index: number): { address: string; port: number } => ({ address: `127.1.${index >> 8}.${index & 0xff}`, port: 502 });
  const plan = sitePlan({ devices, connection: "fresh", placeOf });
  const site = openSite(plan, clock, () => loopbackDial);
  const scheduler = new Scheduler({ clock, gate: site.gate, onStart: () => {}, onSkip: () => {} }, plan);
  const page = pageOf(site, clock, { schedule: scheduler, processMetrics: true });
  clock.move(milliseconds(intervalMs));
  await awake(site, plan, clock);
  scheduler.start();
  scheduler.stop();
  // Every check once, so that each device has its outcome, history and identity.
  for (const id of plan.checks.keys()) await answered(site, id, clock, milliseconds(intervalMs / devices));
  for await (const _piece of page.render(site.board, "text")) continue;
  const running = await memory();
  const figures = [
    {
      name: "Memory a device, whole poller",
      value: (running - empty) / devices,
      unit: "bytes",
      aim: { atMost: deviceAimBytes, of: "unit" },
      noise: `${Math.round((loaded - empty) / 1000)} kB of code in it`,
    } as const,
  ];
  await site.end();

  const simulated = await startDevices(1);
  const kept = sitePlan({ devices: keptConnections, connection: "kept", placeOf: () => simulated.places[0]! });
  const second = openSite(kept, clock, () => tcpDialler({ clock, cutOff: () => undefined, onViolation: () => {} }));
  clock.move(milliseconds(intervalMs));
  await awake(second, kept, clock);
  const before = await memory();
  for (const id of kept.checks.keys()) await answered(second, id, clock, milliseconds(10));
  const open = await memory();
  await second.end();
  await simulated.end();
  return [...figures, { name: "Memory a kept connection, on top", value: (open - before) / keptConnections, unit: "bytes" }];
}
