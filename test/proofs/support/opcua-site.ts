/** A site of OPC UA devices, agreed to and approved. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Network } from "./netns.ts";
import { unapprovedSite, type DeviceSpec, type Entry, type Site, type SiteSpec } from "./site.ts";

export const opcuaProfile = "generic-opcua";

/** A device that is asked by one method, every second unless said otherwise. */
export function opcuaDevice(id: string, address: string, method: string, check: Entry = {}): DeviceSpec {
  return { id, address, profile: opcuaProfile, changes: { checks: [{ method, interval: "1s", ...check }] } };
}

/** What the shipped profile leaves to the owner is agreed to; only the hello needs nobody's word. */
export async function opcuaSite(network: Network, spec: SiteSpec): Promise<Site> {
  const site = await unapprovedSite(network, { startsPerSecondMax: 20, ...spec });
  const asked = new Set(
    spec.devices
      .flatMap(({ changes }) => (changes?.["checks"] as readonly { readonly method: string }[]) ?? [])
      .map(({ method }) => method),
  );
  const agreed = [...asked]
    .filter((method) => method.startsWith("opcua-") && method !== "opcua-hello")
    .map((method) => ({ method, reason: "isolated test network", by: "eto-1", on: "2026-11-20" }));
  const file = { schema: "site-profile/v1", id: opcuaProfile, approval: { stage: "draft" }, agreed };
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
