/** The product as the proofs start it: this checkout, or a copy of it whose library holds one more device profile. */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Network } from "./netns.ts";

/** The folder that holds bin, src and device-profiles. */
export const checkout: string = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/u, "");

/** A family whose vendor documents how long it leaves a silent connection open: only then is one kept between checks. */
export const keptProfile = "wire-proof-kept";

const nothing = { value: null, status: "not-documented", grade: "N" };
const documented = (value: string | number): object => ({ value, status: "documented", grade: "V", sources: ["manual"] });

const profile = {
  schema: "device-profile/v1",
  id: keptProfile,
  revision: 1,
  title: "Test device with a documented idle timeout",
  vendor: "nobody",
  family: "test device",
  kind: "plc",
  review: "draft",
  sources: [
    {
      id: "manual",
      kind: "vendor-manual",
      publisher: "nobody",
      title: "Manual of the test device",
      document: "T-1",
      place: "p. 1",
      url: null,
      read: "full-document",
      retrieved: "2026-11-21",
      checkedBy: ["first", "second"],
    },
  ],
  methods: {
    "modbus-fc43": { decision: "allow", reason: "reads the identification only", support: documented("yes") },
    "s7-cpu-status": { decision: "allow", reason: "reads the operating mode only", support: documented("yes") },
  },
  connection: { mode: "kept", poolSize: documented(8), overflow: documented("rejects"), idleTimeout: documented("10m"), reserve: 2 },
  watchdog: { fedBy: nothing, closeCausesFault: nothing },
  identification: { vendors: [], products: [] },
  ownerMustState: ["otherClients", "watchdog"],
};

/** A copy of the product in the network's folder with `keptProfile` among its shipped profiles; it goes with the network. */
export function productWithKeptProfile(network: Network): string {
  const root = join(network.folder, "product");
  mkdirSync(root);
  for (const part of ["bin", "src", "device-profiles", "package.json"]) cpSync(join(checkout, part), join(root, part), { recursive: true });
  symlinkSync(join(checkout, "node_modules"), join(root, "node_modules"));
  writeFileSync(join(root, "device-profiles", `${keptProfile}.yaml`), JSON.stringify(profile, undefined, 2));
  return root;
}
