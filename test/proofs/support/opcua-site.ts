/** A site of OPC UA devices, agreed to and approved. */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deepReads, type DeepReadId } from "../../../src/domain/deep-reads.ts";
import type { Network } from "./netns.ts";
import { unapprovedSite, type DeviceSpec, type Entry, type Site, type SiteSpec } from "./site.ts";

export const opcuaProfile = "generic-opcua";

/** A device that is asked by one method, every second unless said otherwise. */
export function opcuaDevice(id: string, address: string, method: string, check: Entry = {}): DeviceSpec {
  return { id, address, profile: opcuaProfile, changes: { checks: [{ method, interval: "1s", ...check }] } };
}

/**
 * What the shipped profile leaves to the owner is agreed to, `reads` of a deep query among it; only the hello needs nobody's word. `pinned` are PEM files of servers'
 * certificates, by device, put where `watchkeeper opcua trust` puts them.
 */
export async function opcuaSite(
  network: Network,
  spec: SiteSpec,
  pinned: Readonly<Record<string, string>> = {},
  reads: readonly string[] = [],
): Promise<Site> {
  const site = await unapprovedSite(network, { startsPerSecondMax: 20, ...spec });
  const servers = join(site.stateDir, "pki", "servers");
  if (Object.keys(pinned).length > 0) mkdirSync(servers, { recursive: true, mode: 0o700 });
  for (const [device, file] of Object.entries(pinned)) {
    copyFileSync(file, join(servers, `${device}.pem`));
    chmodSync(join(servers, `${device}.pem`), 0o600);
  }
  const asked = new Set(
    spec.devices
      .flatMap(({ changes }) => (changes?.["checks"] as readonly { readonly method: string }[]) ?? [])
      .map(({ method }) => method),
  );
  const signed = { reason: "isolated test network", by: "eto-1", on: "2026-11-20" };
  for (const read of reads) asked.add(deepReads[read as DeepReadId].method);
  const agreed = [...asked]
    .filter((method) => method.startsWith("opcua-") && method !== "opcua-hello")
    .map((method) => ({ method, ...signed }));
  const deepQuery = reads.map((read) => ({ read, ...signed }));
  const file = { schema: "site-profile/v1", id: opcuaProfile, approval: { stage: "draft" }, agreed, deepQuery };
  if (agreed.length > 0) writeFileSync(join(site.folder, "device-profiles", `${opcuaProfile}.yaml`), JSON.stringify(file, undefined, 2));
  await site.approve(...new Set(spec.devices.map(({ profile = opcuaProfile }) => profile)));
  return site;
}

/** Liveness and cause of every device, as `status` says them. */
export async function livenessOf(site: Site): Promise<Readonly<Record<string, string>>> {
  const status = await site.ask("status", {});
  if (!status.ok) throw new Error(JSON.stringify(status));
  return Object.fromEntries(status.result.devices.map((one) => [one.device, `${one.liveness} ${one.cause}`]));
}
