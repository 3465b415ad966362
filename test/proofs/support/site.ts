/** A lab site made with the product's own commands: init, watchlist, plan, approve; and the poller that runs it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PlanJson } from "../../../src/config/plan-json.ts";
import { controlSocketName, type ControlCommand, type ControlReply, type ControlRequest } from "../../../src/domain/control.ts";
import type { Network } from "./netns.ts";
import { control, startPoller, type Poller } from "./poller.ts";
import { checkout } from "./product.ts";
import { runToEnd, type Ran } from "./run-to-end.ts";
import { dayAfter } from "./wait.ts";

/** Everything that a watchlist entry may hold, as it stands in the file. */
export type Entry = Readonly<Record<string, unknown>>;

export interface DeviceSpec {
  readonly id: string;
  readonly address: string;
  /** "1s" unless said otherwise. */
  readonly interval?: string;
  readonly profile?: string;
  /** Keys of the entry that are added or replaced. */
  readonly changes?: Entry;
}

export interface SiteSpec {
  readonly devices: readonly DeviceSpec[];
  /** Starts per second of the site and its one segment; the product's own limits unless said otherwise. */
  readonly startsPerSecondMax?: number;
  /** Keys of the watchlist that are added or replaced. */
  readonly watchlist?: Entry;
  /** The product's folder; this checkout unless said otherwise. */
  readonly product?: string;
  /** Below the network's folder; "site" unless said otherwise. */
  readonly folder?: string;
}

export interface Site {
  readonly folder: string;
  readonly settingsFile: string;
  readonly stateDir: string;
  /** The arguments with which this site's product is started, for a command of its own. */
  command(...argv: readonly string[]): readonly string[];
  /** Runs a command of the product's CLI in the poller's host. */
  cli(...argv: readonly string[]): Promise<Ran>;
  /** The same; rejects unless it ends with exit code 0. */
  done(...argv: readonly string[]): Promise<string>;
  plan(): Promise<PlanJson>;
  /** A person approves every device of each family that is new and complete. */
  approve(...profiles: readonly string[]): Promise<void>;
  /** Takes the watchlist's place; the poller learns of it by a reload. */
  write(watchlist: Entry): void;
  /** The watchlist with these devices. */
  watchlist(devices: readonly DeviceSpec[]): Entry;
  /** Starts `watchkeeper run` and waits until it asks. */
  start(): Promise<Poller>;
  /** Starts it and does not wait: for one that must refuse. */
  launch(): Poller;
  /** Asks the running poller directly. */
  ask<Name extends ControlCommand>(name: Name, body: ControlRequest<Name>): Promise<ControlReply<Name>>;
}

export const pollerHost = "poller";
const genericProfile = "generic-modbus-tcp";

/** Makes the site in the network's folder, with every device of it approved. Its poller is to run in the host "poller". */
export async function makeSite(network: Network, spec: SiteSpec): Promise<Site> {
  const site = await unapprovedSite(network, spec);
  await site.approve(...new Set(spec.devices.map(({ profile = genericProfile }) => profile)));
  return site;
}

export async function unapprovedSite(network: Network, spec: SiteSpec): Promise<Site> {
  const site = new LabSite(network, spec);
  await site.done("init", site.folder, "--site", "wire-proof");
  site.write(site.watchlist(spec.devices));
  return site;
}

class LabSite implements Site {
  readonly folder: string;
  readonly settingsFile: string;
  readonly stateDir: string;
  readonly #network: Network;
  readonly #spec: SiteSpec;

  constructor(network: Network, spec: SiteSpec) {
    this.#network = network;
    this.#spec = spec;
    this.folder = join(network.folder, spec.folder ?? "site");
    this.settingsFile = join(this.folder, "watchkeeper.yaml");
    this.stateDir = join(this.folder, "state");
  }

  command(...argv: readonly string[]): readonly string[] {
    const config = argv[0] === "init" ? [] : ["--config.file", this.settingsFile];
    return [process.execPath, join(this.#spec.product ?? checkout, "bin/watchkeeper.mjs"), ...argv, ...config, "--lab"];
  }

  cli(...argv: readonly string[]): Promise<Ran> {
    return runToEnd(this.#network, pollerHost, this.command(...argv), { env: { WATCHKEEPER_LAB: "1" } });
  }

  async done(...argv: readonly string[]): Promise<string> {
    const { code, out, err } = await this.cli(...argv);
    if (code !== 0) throw new Error(`watchkeeper ${argv.join(" ")} ended with ${code}: ${out}${err}`);
    return out;
  }

  async plan(): Promise<PlanJson> {
    return JSON.parse(await this.done("plan", "--json")) as PlanJson;
  }

  async approve(...profiles: readonly string[]): Promise<void> {
    // As planned now: an approval covers the pace that stands in this very watchlist.
    const covers = new Map((await this.plan()).profiles.map((one) => [one.id, one.covers]));
    const signed = [
      "--prepared-by",
      "eto-1",
      "--accepted-by",
      "chief engineer",
      "--basis",
      "risk",
      "--basis-text",
      "isolated test network",
    ];
    for (const profile of profiles) {
      const what = ["approve", profile, "--all-new", "--covers", covers.get(profile) ?? ""];
      await this.done(...what, ...signed, "--until", dayAfter(90), "--change", "MOC-1");
    }
  }

  write(watchlist: Entry): void {
    // JSON is YAML 1.2.
    writeFileSync(join(this.folder, "watchlist.yaml"), JSON.stringify(watchlist, undefined, 2));
  }

  watchlist(devices: readonly DeviceSpec[]): Entry {
    const { startsPerSecondMax } = this.#spec;
    const raised = startsPerSecondMax === undefined ? {} : { startsPerSecondMax, approvedBy: "eto-1", reason: "isolated test network" };
    const localAddress = this.#network.address(pollerHost);
    return {
      schema: "watchlist/v1",
      ...(startsPerSecondMax === undefined ? {} : { siteBudget: raised }),
      segments: [{ id: "lan", zone: "OT-1", subnet: "192.0.2.0/24", localAddress, ...raised }],
      devices: devices.map(entryOf),
      ...this.#spec.watchlist,
    };
  }

  async start(): Promise<Poller> {
    const poller = this.launch();
    await poller.started();
    return poller;
  }

  launch(): Poller {
    return startPoller(this.#network, pollerHost, this.command("run"));
  }

  ask<Name extends ControlCommand>(name: Name, body: ControlRequest<Name>): Promise<ControlReply<Name>> {
    return control(join(this.stateDir, controlSocketName), name, body);
  }
}

function entryOf({ id, address, interval = "1s", profile = genericProfile, changes = {} }: DeviceSpec): Entry {
  return {
    id,
    address,
    segment: "lan",
    function: "monitoring",
    category: "I",
    profile,
    statements: { otherClients: [], watchdog: { mode: "none", closeCausesFault: false, by: "eto-1", on: "2026-11-20" } },
    checks: [{ method: "modbus-fc43", unitId: 1, interval }],
    ...changes,
  };
}
