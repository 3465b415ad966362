/** What the kernel says of the fence: the installed table through nft, and which interface holds an address. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { tableName } from "../fence/table-name.ts";
import type { FencePorts, Problems } from "./ports.ts";

/** Debian's place; a name alone would be looked for wherever PATH says. */
const nft = "/usr/sbin/nft";
const listingBytesMax = 256 * 1024 * 1024;
/** A kernel that does not answer keeps no poller from starting. */
const listingWithinMs = 10_000;

export const kernelFence: FencePorts = {
  interfaceHolding(address) {
    const holders = Object.entries(networkInterfaces()).filter(([, list]) => list?.some((one) => one.address === address));
    return holders[0]?.[0];
  },
  installed(file) {
    if (file !== undefined) return Promise.resolve(listingIn(file));
    return new Promise((resolve) => {
      // Nothing of our environment: the words of its errors are looked at.
      const options = { env: { LC_ALL: "C" }, maxBuffer: listingBytesMax, timeout: listingWithinMs, encoding: "utf8" } as const;
      execFile(nft, ["-j", "list", "table", "inet", tableName], options, (error, stdout, stderr) => {
        if (!error) resolve(stdout);
        else if (stderr.includes("No such file or directory")) resolve(undefined);
        else
          resolve({
            problems: [`${nft}: ${stderr.trim() || error.message} (listing the packet filter needs root, and the package nftables)`],
          });
      });
    });
  },
};

function listingIn(file: string): string | Problems {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return { problems: [`${file}: ${error.message}; write it as root with: nft -j list table inet ${tableName}`] };
  }
}
