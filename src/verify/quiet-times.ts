/** Finds what left in a time in which nothing was to leave: a stop, or a pause. */
import { asks, type ApprovedCheck } from "./approved.ts";
import type { Quiet } from "./judgement.ts";

interface Leaving {
  readonly destination: string;
  readonly atNs: bigint;
}

export class QuietTimes {
  readonly #all: readonly Quiet[];
  /** Nobody knows any more whom these covered. */
  readonly #unknown: readonly Quiet[];

  constructor(all: readonly Quiet[]) {
    this.#all = all.filter(({ whomUnknown }) => !whomUnknown);
    this.#unknown = all.filter(({ whomUnknown }) => whomUnknown);
  }

  /** Those that the span between the two moments has to do with. */
  within(fromNs: bigint, toNs: bigint): readonly Quiet[] {
    return this.#all.filter((one) => one.fromNs <= toNs && one.toNs >= fromNs);
  }

  /** The same, of those by which nothing can be judged. */
  unjudged(fromNs: bigint, toNs: bigint): readonly Quiet[] {
    return this.#unknown.filter((one) => one.fromNs <= toNs && one.toNs >= fromNs);
  }

  /** Of any packet to the destination; `checks` are all that the plan has there. */
  packet(destination: string, atNs: bigint, checks: readonly ApprovedCheck[]): readonly string[] {
    return this.#at(atNs)
      .filter((quiet) => coversAll(quiet, destination, checks))
      .map((quiet) => words(quiet, atNs));
  }

  /** Of a frame towards an address that others share, who are not paused: it asks nobody but whom a pause covers. */
  frame(frame: Uint8Array, { destination, atNs }: Leaving, checks: readonly ApprovedCheck[]): readonly string[] {
    const asked = checks.filter((check) => asks(check, frame));
    if (asked.length === 0) return [];
    const found = this.#at(atNs).filter(
      (quiet) => !coversAll(quiet, destination, checks) && asked.every((check) => coversDevice(quiet, check)),
    );
    return found.map((quiet) => words(quiet, atNs));
  }

  #at(atNs: bigint): readonly Quiet[] {
    return this.#all.filter(({ fromNs, toNs, graceMs }) => atNs > fromNs + BigInt(Math.round(graceMs * 1e6)) && atNs < toNs);
  }
}

function coversAll(quiet: Quiet, destination: string, checks: readonly ApprovedCheck[]): boolean {
  if (!quiet.addresses || quiet.addresses.has(destination)) return true;
  return checks.length > 0 && checks.every((check) => coversDevice(quiet, check));
}

function coversDevice({ devices }: Quiet, { device }: ApprovedCheck): boolean {
  return device !== undefined && devices?.has(device) === true;
}

function words({ why, fromNs }: Quiet, atNs: bigint): string {
  return `${(Number(atNs - fromNs) / 1e6).toFixed(3)} ms after the beginning of: ${why}`;
}
