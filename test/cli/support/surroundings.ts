/** Surroundings for commands in tests: output that is kept, an environment and a clock of the test's own, no process. */
import type { Command, ListedCommand, Sink, Surroundings } from "../../../src/cli/command.ts";
import type { StateStore } from "../../../src/cli/ports.ts";
import { usualSysctls } from "../../../src/config/plan-json.ts";
import { methods } from "../../../src/drivers/registry.ts";
import type { MonotonicMs } from "../../../src/domain/units.ts";
import { FakeClock } from "../../support/fake-clock.ts";

export interface Captured extends Surroundings {
  readonly clock: FakeClock;
  /** What was printed so far, without the last line's end. */
  out(): string;
  err(): string;
}

/** Touches nothing: every use of a state folder is a mistake of the test, unless it puts its own in. */
const noState: StateStore = {
  create: () => Promise.reject(new Error("this test has no state folder")),
  birth: () => ({ problems: ["no state folder"] }),
  stopped: () => undefined,
  stop: () => ({ problems: ["no state folder"] }),
  standingStop: () => undefined,
  adopt: () => ({ problems: ["no state folder"] }),
  readAudit: () => ({ problems: ["no state folder"] }),
  identities: () => [],
  quiet: () => ({ problems: ["no state folder"] }),
  plansThatRan: () => [],
  trustedTime: () => ({ problems: ["no state folder"] }),
  journal: () => Promise.resolve({ problems: ["no state folder"] }),
};

/** A command alone, as the table of commands would have it. */
export function listed(command: Command): ListedCommand {
  return { name: command.name, summary: `what ${command.name} does`, load: () => Promise.resolve(command) };
}

/** A test changes anything but the clock, which it moves. */
export type Changes = Partial<Omit<Surroundings, "clock">> & {
  readonly wall?: number;
  /** Waits of a second at most are over at once. */
  readonly hasty?: true;
};

export function surroundings(changes: Changes = {}): Captured {
  const stdout = kept();
  const stderr = kept();
  return {
    stdout,
    stderr,
    env: {},
    cwd: "/nowhere",
    version: "0.1.0",
    user: "eto-1",
    methods: () => Promise.resolve(methods),
    machine: () => ({
      ownAddresses: ["192.0.2.5"],
      interfaces: new Map([["eth1", ["192.0.2.5"]]]),
      defaultGateways: ["192.0.2.1"],
      sysctls: usualSysctls,
    }),
    state: noState,
    fence: { interfaceHolding: () => undefined, installed: () => Promise.resolve({ problems: ["this test has no packet filter"] }) },
    notifier: () => Promise.reject(new Error("this test tells nobody")),
    selfTest: () => Promise.reject(new Error("this test tries no safeguards")),
    runPoller: () => Promise.reject(new Error("this test runs no poller")),
    prompt: undefined,
    onInterrupt: () => () => undefined,
    ...changes,
    clock: changes.hasty ? new HastyClock(undefined, changes.wall) : new FakeClock(undefined, changes.wall),
    out: () => stdout.text().trimEnd(),
    err: () => stderr.text().trimEnd(),
  };
}

class HastyClock extends FakeClock {
  override at(when: MonotonicMs, run: () => void): () => void {
    if (when - this.monotonic() > 1000) return super.at(when, run);
    const soon = setImmediate(run);
    return () => clearImmediate(soon);
  }
}

function kept(): Sink & { text(): string } {
  const written: string[] = [];
  return { write: (text) => written.push(text), isTerminal: false, columns: undefined, text: () => written.join("") };
}
