/** The wall clock of one running process (libfaketime), moved while it runs. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The wall clock of one running process, moved as a person or a time server would; the monotonic one stays what it is. */
export class OwnClock {
  readonly #file: string;
  readonly environment: readonly string[];

  constructor(folder: string) {
    this.#file = join(folder, "clock");
    this.step("+0");
    this.environment = [
      "LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1",
      `FAKETIME_TIMESTAMP_FILE=${this.#file}`,
      "FAKETIME_NO_CACHE=1",
      "FAKETIME_DONT_FAKE_MONOTONIC=1",
      "FAKETIME_DISABLE_SHM=1",
      "NO_FAKE_STAT=1",
    ];
  }

  /** `+3600`: an hour ahead of the machine's. */
  step(offsetSeconds: string): void {
    // At once: whoever reads an empty file takes the machine's own time.
    writeFileSync(`${this.#file}.new`, `${offsetSeconds}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
