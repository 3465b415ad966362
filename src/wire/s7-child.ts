/** Starts the process of node-snap7, starts it again at a bounded rate, and carries frames between it and the drivers. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
import type { Clock } from "../domain/clock.ts";
import { ExchangeEnded } from "../domain/driver.ts";
import {
  s7CallsMax,
  s7ChildAnswersWithin,
  s7ChildReadyWithin,
  s7ChildRestartAfter,
  s7ChildRestartMost,
  s7ConversationsMax,
} from "../domain/limits.ts";
import { fromS7Child, type FromS7Child, type ToS7Child } from "../domain/s7-messages.ts";
import type { S7Conversation, S7Helper, S7Isolation } from "../domain/s7.ts";
import { after, between, milliseconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { Conversation } from "./s7-conversation.ts";
import { arrangements, type Arrangement, type Offered } from "./s7-arrangements.ts";

export interface S7ChildParts {
  readonly clock: Clock;
  /** The program: the absolute path of src/drivers/s7/child.ts, or what was built of it. */
  readonly program: string;
  /** One line each time it cannot be had, or ends. */
  readonly onTrouble: (detail: string) => void;
  /** What the machine has; looked for where absent. */
  readonly offered?: Offered;
}

type State = "idle" | "starting" | "ready" | "waiting" | "unusable" | "closed";

export class S7Child implements S7Helper {
  readonly #parts: S7ChildParts;
  readonly #conversations = new Map<number, Conversation>();
  #state: State = "idle";
  #why = "node-snap7 has not been started yet";
  #child: ChildProcess | undefined;
  /** Those that are still to be tried, the first of them in use. */
  #ladder: readonly Arrangement[];
  #isolation: S7Isolation = { running: false, detail: "not started", ownNetwork: false, ownUser: false };
  #begunAt: MonotonicMs | undefined;
  #restartAfter: Milliseconds = s7ChildRestartAfter;
  #cancelTimer: () => void = () => {};
  /** The arrangement in use has worked. */
  #settled = false;
  #prepared: PromiseWithResolvers<void> | undefined;
  #nextId = 1;

  constructor(parts: S7ChildParts) {
    this.#parts = parts;
    this.#ladder = arrangements(parts.offered ?? offeredHere());
  }

  prepare(): Promise<void> {
    if (this.#prepared) return this.#prepared.promise;
    this.#prepared = Promise.withResolvers<void>();
    this.#start();
    return this.#prepared.promise;
  }

  unavailable(): string | undefined {
    if (this.#state !== "ready") return this.#why;
    if (this.#conversations.size >= s7ConversationsMax)
      return `node-snap7 has ${s7ConversationsMax} connections open, the most that it may`;
    return this.#calls() >= s7CallsMax ? `node-snap7 waits for ${s7CallsMax} devices at once, the most that it may` : undefined;
  }

  converse(heard: (frame: Uint8Array) => void): S7Conversation {
    const why = this.unavailable();
    if (why !== undefined) throw new ExchangeEnded("driver_unavailable", why);
    const id = this.#nextId++;
    const conversation = new Conversation(heard, {
      say: (message) => this.#say({ ...message, id }),
      forget: () => this.#conversations.delete(id),
      within: (span, run) => this.#parts.clock.at(after(this.#parts.clock.monotonic(), span), run),
      hangs: () => this.#hangs(),
    });
    this.#conversations.set(id, conversation);
    this.#say({ say: "begin", id });
    return conversation;
  }

  get isolation(): S7Isolation {
    return this.#isolation;
  }

  /** Of the process; for tests that kill it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.#why = "the poller is ending";
    this.#cancelTimer();
    this.#prepared?.resolve();
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  #start(): void {
    const arrangement = this.#ladder[0]!;
    const { clock, program } = this.#parts;
    this.#state = "starting";
    this.#why = "node-snap7 is being started";
    this.#begunAt = clock.monotonic();
    const [command, ...rest] = [...arrangement.prefix, process.execPath, "--max-old-space-size=64", program];
    const child = spawn(command!, rest, {
      cwd: "/",
      // A thread for each call, and nothing else of the poller's surroundings.
      env: { UV_THREADPOOL_SIZE: String(s7CallsMax + 4) },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "json",
    });
    this.#child = child;
    child.on("message", (message) => this.#heard(child, message));
    child.on("error", (error) => this.#ended(child, error.message));
    child.on("exit", (code, signal) => this.#ended(child, signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`));
    this.#within(s7ChildReadyWithin, () => {
      child.kill("SIGKILL");
      this.#ended(child, `not ready within ${s7ChildReadyWithin / 1000} s`);
    });
  }

  #heard(child: ChildProcess, raw: unknown): void {
    if (child !== this.#child || this.#state === "closed") return;
    const message = fromS7Child(raw);
    if (message) return this.#obey(message);
    child.kill("SIGKILL");
    this.#ended(child, "it said something that makes no sense");
  }

  #obey(message: FromS7Child): void {
    switch (message.say) {
      case "ready":
        return this.#ready(message);
      case "unavailable":
        return this.#unusable(message.detail);
      case "frame":
        return this.#conversations.get(message.id)?.heard(Uint8Array.from(Buffer.from(message.hex, "hex")));
      case "done":
        return this.#conversations.get(message.id)?.done(message.complaint);
    }
  }

  #ready({ user, network }: Extract<FromS7Child, { readonly say: "ready" }>): void {
    if (this.#state !== "starting") return;
    this.#cancelTimer();
    this.#state = "ready";
    this.#settled = true;
    const ownNetwork = network !== "" && network !== networkNamespace();
    const ownUser = user !== process.getuid?.();
    this.#isolation = { running: true, detail: isolationWords(ownNetwork, ownUser), ownNetwork, ownUser };
    this.#prepared?.resolve();
  }

  /** Trying again would not help: the addon is not there. */
  #unusable(detail: string): void {
    this.#cancelTimer();
    this.#state = "unusable";
    this.#why = `node-snap7 cannot be loaded (${detail}): S7 checks are off, everything else works. To switch them on, install python3, make and g++, then: npm run postinstall`;
    this.#isolation = { ...this.#isolation, running: false, detail: "node-snap7 cannot be loaded" };
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
    this.#tell();
  }

  #ended(child: ChildProcess, how: string): void {
    if (child !== this.#child || this.#state === "closed") return;
    this.#child = undefined;
    this.#cancelTimer();
    const wasReady = this.#state === "ready";
    // What does not become ready here at all gives way to the next arrangement, once.
    if (!wasReady && this.#ladder.length > 1 && !this.#settled) {
      this.#ladder = this.#ladder.slice(1);
      return this.#start();
    }
    const { clock } = this.#parts;
    const lived = between(this.#begunAt!, clock.monotonic());
    if (lived >= s7ChildRestartMost) this.#restartAfter = s7ChildRestartAfter;
    const span = this.#restartAfter;
    this.#restartAfter = milliseconds(Math.min(span * 2, s7ChildRestartMost));
    this.#state = "waiting";
    this.#isolation = { ...this.#isolation, running: false };
    this.#why = `the process of node-snap7 ended (${how}); it is started again ${span / 1000} s later`;
    this.#within(span, () => this.#start());
    this.#tell();
    for (const [id, conversation] of this.#conversations) {
      this.#conversations.delete(id);
      conversation.lost(this.#why);
    }
  }

  /** A process that was stopped, or is stuck: its end is heard as any other. */
  #hangs(): void {
    const child = this.#child;
    child?.kill("SIGKILL");
    if (child) this.#ended(child, `it said nothing for ${s7ChildAnswersWithin / 1000} s`);
  }

  #tell(): void {
    this.#prepared?.resolve();
    this.#parts.onTrouble(this.#why);
  }

  #calls(): number {
    return this.#conversations.values().reduce((sum, { calling }) => sum + (calling ? 1 : 0), 0);
  }

  #say(message: ToS7Child): void {
    const child = this.#child;
    // A channel that broke while this was written ends the child too, and that is heard.
    if (child?.connected) child.send(message, () => {});
  }

  #within(span: Milliseconds, run: () => void): void {
    const { clock } = this.#parts;
    this.#cancelTimer();
    this.#cancelTimer = clock.at(after(clock.monotonic(), span), run);
  }
}

function isolationWords(ownNetwork: boolean, ownUser: boolean): string {
  const network = ownNetwork
    ? "no network but its own loopback"
    : "the poller's own network: nothing but its frames' guard keeps it from devices";
  const user = ownUser ? "another user than the poller" : "the poller's own user: it could read configuration and state";
  return `${network}; ${user}`;
}

/** `net:[4026531840]`; empty where the machine does not say. */
function networkNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/net");
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}

function offeredHere(): Offered {
  const found = (...paths: readonly string[]): string | undefined => paths.find((path) => existsSync(path));
  const [unshare, setpriv] = [found("/usr/bin/unshare", "/bin/unshare"), found("/usr/bin/setpriv", "/bin/setpriv")];
  const [ip, shell] = [found("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"), found("/bin/sh")];
  return {
    root: process.getuid?.() === 0,
    ...(unshare && { unshare }),
    ...(setpriv && { setpriv }),
    ...(ip && { ip }),
    ...(shell && { shell }),
  };
}
