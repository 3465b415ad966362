/** The metrics page, in pieces: prom-client's few families first, then those of devices and checks straight from the board. */
import type { Board } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import type { Gate } from "../domain/gate.ts";
import type { Milliseconds } from "../domain/units.ts";
import type { Outstanding } from "./asked-now.ts";
import { deviceFamilies, type DeviceFamily } from "./device-families.ts";
import { between, end, head, sample, type Format } from "./exposition.ts";
import { gateFamilies } from "./gate-families.ts";
import { identityFamilies } from "./identity-families.ts";
import type { Sources } from "./site-definitions.ts";
import { SiteMetrics, type SiteFamily } from "./site-metrics.ts";
import type { WindowsShown } from "./window-metrics.ts";

export interface PageOptions extends Sources {
  readonly clock: Pick<Clock, "monotonic" | "wall">;
  readonly gate: Pick<Gate, "preview">;
  readonly outstanding: Outstanding;
  readonly processMetrics: boolean;
  /** Open and planned; absent where there can be none. */
  readonly windows?: WindowsShown;
  /** Whether labels may carry IP addresses and ports. */
  readonly address: boolean;
  /** Resolves after everything else that waits has had its turn. */
  readonly yieldToLoop: () => Promise<void>;
}

/** A piece is written within a millisecond; between two pieces the poller's own work goes on. */
const pieceCharacters = 16_384;
/** Views looked at without writing much (families that are empty for most) also take time. */
const pieceViewsMax = 500;

export class PrometheusPage {
  readonly #site: SiteMetrics;
  readonly #families: readonly DeviceFamily[];
  readonly #yieldToLoop: () => Promise<void>;

  constructor({ address, gate, windows, yieldToLoop, ...options }: PageOptions) {
    this.#site = new SiteMetrics({ ...options, ...(windows && { windows }) });
    const { clock, outstanding, web } = options;
    this.#families = [
      ...deviceFamilies({ address, web, ...(windows && { windows }) }),
      ...identityFamilies,
      ...gateFamilies({ clock, gate, outstanding }),
    ];
    this.#yieldToLoop = yieldToLoop;
  }

  /** For the scheduler: how late a check came to the gate. */
  observeLateness(late: Milliseconds): void {
    this.#site.schedule.late(late);
  }

  /** For the scheduler: a slot went by. */
  countSkip(): void {
    this.#site.schedule.skipped();
  }

  /** For the pulse: it has turned. */
  countPulse(): void {
    this.#site.pulse.turned();
  }

  /** The whole page. What is read while it is written may be of different moments, each sample by itself is true. */
  async *render(board: Board, format: Format): AsyncGenerator<string> {
    // The web server's own work on the request has just taken a turn.
    await this.#yieldToLoop();
    const site = await this.#site.families(board);
    yield site.map((family) => written(family, format)).join(between[format]);
    await this.#yieldToLoop();
    for (const family of this.#families) {
      let piece = between[format] + head(family, format);
      let views = 0;
      for (const text of family.samples(board)) {
        piece += text;
        views += 1;
        if (piece.length < pieceCharacters && views < pieceViewsMax) continue;
        yield piece;
        await this.#yieldToLoop();
        piece = "";
        views = 0;
      }
      yield piece;
    }
    yield end[format];
  }
}

function written(family: SiteFamily, format: Format): string {
  return head(family, format) + family.samples.map(({ name, labels, value }) => sample(name, labels, value)).join("");
}
