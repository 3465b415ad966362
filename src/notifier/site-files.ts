/** The plan that the site's files make, read again now and then, and where it says that nothing may be sent. */
import type { NotifySite } from "../cli/ports.ts";
import type { Clock } from "../domain/clock.ts";
import { seconds, type Milliseconds } from "../domain/units.ts";
import { forbidden, type OtSegment, type OwnWays } from "../notify/way.ts";
import type { Watched } from "../notify/watch.ts";
import { waysNow } from "../wire/reach.ts";
import { holding, leavesBy } from "../wire/routes.ts";

/** Approvals come and go with the days, and files are edited without a word. */
const readFilesEvery: Milliseconds = seconds(3600);

/** Every segment that was ever in it stays forbidden. */
export class SiteFiles {
  readonly #site: NotifySite;
  readonly #clock: Clock;
  readonly #segments = new Map<string, OtSegment>();
  #watched: Watched | undefined;
  #readAt = 0;

  constructor(site: NotifySite, clock: Clock) {
    this.#site = site;
    this.#clock = clock;
  }

  get watched(): Watched {
    if (!this.#watched) throw new Error("the files were not read");
    return this.#watched;
  }

  get due(): boolean {
    return this.#clock.monotonic() - this.#readAt >= readFilesEvery;
  }

  /** A sentence where they have problems: then what was read before goes on. */
  read(): string | undefined {
    this.#readAt = this.#clock.monotonic();
    const read = this.#site.watched();
    if ("problems" in read) return read.problems.join("; ");
    this.#watched = read;
    for (const segment of read.plan.segments.values())
      this.#segments.set(`${segment.id} ${segment.subnet} ${segment.localAddress}`, segment);
    return undefined;
  }

  forbidden(address: string): string | undefined {
    const ways = waysNow();
    const own: OwnWays | { readonly problem: string } =
      "problem" in ways ? ways : { leavesBy: (to, onLink) => leavesBy(ways, to, onLink), holding: (held) => holding(ways, held) };
    return forbidden(address, [...this.#segments.values()], own);
  }
}
