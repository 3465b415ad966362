/** Which run of the machine this is: moments of its monotonic clock mean nothing to another. */
import { readFileSync } from "node:fs";
import { isFileError } from "./durable-file.ts";

/** Random at every boot (random(4)); in containers the machine's. */
export function bootOfMachine(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch (error) {
    if (!isFileError(error)) throw error;
    return "unknown";
  }
}
