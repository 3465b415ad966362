/** `npm run demo`: a lab site, simulated devices and the real poller, put together, shown, and cleared away again. */
import { type Fleet, startFleet } from "../fleet.ts";
import { Timers } from "../timers.ts";
import { asked, fleetList, neverAsked } from "./cast.ts";
import { Follower } from "./follow.ts";
import { Ended, NotSeen, Patience } from "./patience.ts";
import { rowsOf } from "./rows.ts";
import { makeSite, type Site, siteFolder } from "./site.ts";
import { tellStory } from "./story.ts";
import { appending, drawing, type Teller } from "./teller.ts";
import { type ReservedPort, reservePort } from "./view.ts";
import { type RunningPoller, startPoller } from "./watchkeeper.ts";

export interface DemoWishes {
  /** Where metrics are wanted; a free port is taken where it is taken. */
  readonly metricsPort: number;
  /** End by itself after so long; elsewhere than on a terminal the story has 60 s where this is absent. */
  readonly forMs: number | undefined;
}

const storyWithinMs = 60_000;
/** Another demo or simulator may hold the first addresses. */
const prefixes: readonly string[] = Array.from({ length: 10 }, (_, index) => `127.1.${index}.`);
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** @returns the exit code: 0 when the story was seen or a person at the terminal ended it, 1 when it could not be seen */
export async function demo(wishes: DemoWishes): Promise<number> {
  const onTerminal = process.stdout.isTTY && process.env["TERM"] !== "dumb";
  const ending = new AbortController();
  const run = new Run(wishes, onTerminal, ending);
  const end = (signal: string): void => ending.abort(new Ended(`ended by ${signal}`));
  for (const signal of signals) process.on(signal, end);
  // Whoever read the story has gone: what was made for it is cleared away all the same.
  process.stdout.on("error", () => end("the end of its reader"));
  try {
    await run.show();
    return 0;
  } catch (error) {
    if (error instanceof Ended) return run.complete || onTerminal ? 0 : run.failed(`${error.message} before the story was seen`);
    if (error instanceof NotSeen) return run.failed(`not seen: ${error.message}`);
    throw error;
  } finally {
    await run.clear();
    for (const signal of signals) process.off(signal, end);
  }
}

class Run {
  complete = false;
  readonly #wishes: DemoWishes;
  readonly #onTerminal: boolean;
  readonly #ending: AbortController;
  readonly #patience: Patience;
  readonly #timers = new Timers();
  #expected = "the lab site is made";
  #reserved: ReservedPort | undefined;
  #fleet: Fleet | undefined;
  #site: Site | undefined;
  #poller: RunningPoller | undefined;
  #teller: Teller | undefined;
  #problem: string | undefined;

  constructor(wishes: DemoWishes, onTerminal: boolean, ending: AbortController) {
    this.#wishes = wishes;
    this.#onTerminal = onTerminal;
    this.#ending = ending;
    this.#patience = new Patience(ending.signal);
  }

  /** Rejects with Ended or NotSeen. */
  async show(): Promise<void> {
    this.#limitTime();
    const { prefix, fleet } = await freeFleet();
    this.#fleet = fleet;
    this.#reserved = await reservePort(this.#wishes.metricsPort);
    const metricsPort = this.#reserved.port;
    const site = (this.#site = await siteFolder(this.#ending.signal));
    const follower = new Follower();
    const foot = this.#foot(site, metricsPort);
    const teller = (this.#teller = this.#onTerminal
      ? drawing(process.stdout, { rows: () => rowsOf(follower.status, fleet), foot })
      : appending(process.stdout));
    if (!this.#onTerminal) for (const [word, what] of foot) process.stdout.write(`${word.padEnd(9)}${what}\n`);
    const devices = asked.length + neverAsked.length;
    teller.scene(
      `Making a lab site with the commands a person would use. ${devices} simulated devices listen on ${prefix}1 to ${prefix}${devices}.`,
    );
    await makeSite(site, { prefix, metricsPort, say: (text) => teller.say(text) }, this.#ending.signal);
    await this.#reserved.release();
    this.#poller = startPoller(site.options);
    void this.#poller.ended.then((how) => this.#ending.abort(new NotSeen(`the poller goes on; it ${how}`)));
    const stage = { site, fleet, metricsPort, patience: this.#patience, teller, followed: follower, expect: this.#expect };
    const following = follower.follow(site.folder, this.#patience, teller);
    await Promise.race([following, tellStory(stage)]);
    this.complete = true;
    if (!this.#onTerminal) return;
    teller.scene(
      "That was the story. The poller goes on until Ctrl-C: look at the metrics, or try the commands below in another terminal.",
    );
    await following;
  }

  failed(problem: string): number {
    this.#problem = problem;
    return 1;
  }

  /** In this order: the poller first, so that nothing is asked of a site that is being taken apart. */
  async clear(): Promise<void> {
    this.#ending.abort(new Ended("over"));
    this.#timers.clear();
    this.#teller?.close();
    await this.#poller?.end();
    await this.#reserved?.release();
    await this.#fleet?.close();
    await this.#site?.remove();
    if (this.#problem !== undefined) process.stderr.write(`demo: ${this.#problem}\n`);
    else process.stdout.write(`\nThe poller has ended, and ${this.#site?.folder ?? "everything"} is removed.\n`);
  }

  readonly #expect = (what: string): void => {
    this.#expected = what;
  };

  #limitTime(): void {
    const forMs = this.#wishes.forMs ?? (this.#onTerminal ? undefined : storyWithinMs);
    if (forMs === undefined) return;
    this.#timers.after(forMs, () => {
      const reason = this.complete ? new Ended("its time is over") : new NotSeen(`${this.#expected}, within ${forMs / 1000} s`);
      this.#ending.abort(reason);
    });
  }

  #foot(site: Site, metricsPort: number): readonly (readonly [string, string])[] {
    const { metricsPort: wanted } = this.#wishes;
    const instead = metricsPort === wanted ? "" : `  (port ${wanted} is taken)`;
    return [
      ["Metrics", `http://127.0.0.1:${metricsPort}/metrics${instead}`],
      ["By hand", `${site.script} status   or: explain burner, check feed-pump`],
      [
        "End",
        this.#onTerminal
          ? "Ctrl-C   (GOT: requests that the simulated device itself counted)"
          : `by itself, within ${(this.#wishes.forMs ?? storyWithinMs) / 1000} s`,
      ],
    ];
  }
}

async function freeFleet(): Promise<{ readonly prefix: string; readonly fleet: Fleet }> {
  let reason: unknown;
  for (const prefix of prefixes) {
    try {
      return { prefix, fleet: await startFleet(fleetList(prefix)) };
    } catch (error) {
      if (!(error instanceof Error && error.cause instanceof Error && "code" in error.cause)) throw error;
      reason = error;
      if (error.cause.code !== "EADDRINUSE") break;
    }
  }
  throw new NotSeen(reason instanceof Error ? reason.message : "simulated devices", { cause: reason });
}
