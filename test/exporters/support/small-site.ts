/** A small site with one of everything that the metrics page can show, for the oracle test and for promtool. */
import type { IdentityView } from "../../../src/domain/baseline.ts";
import type { Verdict } from "../../../src/domain/gate.ts";
import type { Check, DeviceId, Line, ProfileId, SegmentId } from "../../../src/domain/plan.ts";
import { after, milliseconds, seconds, type WallMs } from "../../../src/domain/units.ts";
import type { PageOptions, PrometheusPage } from "../../../src/exporters/prometheus.ts";
import { MemoryBoard } from "../../../src/store/board.ts";
import { answered, check, failed, hvac, plan, refusal, refused } from "../../store/support/site.ts";
import { identityView, plate } from "../../support/identities.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { quietPage } from "./quiet-page.ts";

export const nastyName = 'pump "2" \\ north\nside';
/** As late as each start was, in seconds; a power of two, so that sums come out even. */
export const latenesses: readonly number[] = [0.015625, 0.25, 64];

export interface SmallSite {
  readonly board: MemoryBoard;
  readonly clock: FakeClock;
  readonly page: PrometheusPage;
}

export async function smallSite(options: Partial<PageOptions> = {}): Promise<SmallSite> {
  const clock = new FakeClock();
  const bridge = "bridge" as SegmentId;
  const second = check("plc", { id: "plc/modbus-fc43#2" as never, line: "address:plc2" as never, digest: "sha256:plc2" });
  const site = plan({
    plc: { checks: [check("plc"), second] },
    [nastyName]: { device: { zone: 'OT "1"' } },
    pump: {
      device: {
        serverCertificate: { sha256: "ab".repeat(32), notAfter: 1_795_000_000_000 as WallMs },
        segment: bridge,
        profile: "wago-750" as ProfileId,
        category: "III",
      },
    },
    radar: { checks: [], refused: [refusal("radar", "safety_function")] },
    mixer: {
      checks: [check("mixer")],
      refused: [{ ...refusal("mixer", "dry_run"), check: "mixer/icmp-echo" as never, method: "icmp-echo" }],
    },
  });
  const segments = new Map([
    ...site.segments,
    [
      bridge,
      {
        id: bridge,
        zone: "OT-2",
        subnet: "198.51.100.0/24",
        localAddress: "198.51.100.5",
        startsPerSecondMax: 2,
        heldBack: { stage: "dry-run", since: clock.wall() },
      },
    ] as const,
  ]);
  const lines = new Map(Array.from(site.checks.values(), ({ line }) => [line, lineOf(line)] as const));
  const board = new MemoryBoard(clock, { ...site, segments, lines, lab: true }, { stopped: false, trips: [], proven: new Map() });
  const identities: Readonly<Record<string, readonly IdentityView[]>> = {
    plc: [identityView("plc", plate, { ...plate, firmware: "1.10", serial: "7" })],
    pump: [identityView("pump", plate)],
  };
  board.identitiesOf = (id) => identities[id] ?? [];
  board.ownCertificate = { sha256: "cd".repeat(32), notAfter: 1_890_000_000_000 as WallMs };
  const at = clock.monotonic();
  board.outcome(answered(check("plc"), at));
  board.outcome(answered(second, at, { said: "degraded", failure: "protocol_error", detail: "exception 4" }));
  board.outcome(answered(check(nastyName), at));
  await clock.advance(seconds(60));
  board.outcome({ ...failed(check(nastyName), clock.monotonic()), sent: { connections: 1, requests: 0, bytes: 0 } });
  for (const reason of ["backoff", "backoff", "line_budget"] as const) board.outcome(refused(check("plc"), clock.monotonic(), reason));
  board.outcome(refused(check("mixer"), clock.monotonic(), "window_pause"));
  board.trip({ scope: "device:pump", cause: "identity_mismatch", detail: "", since: clock.wall() });
  board.trip({ scope: `segment:${hvac}x` as never, cause: "harm", detail: "", since: clock.wall() });
  for (const [cause, scope] of [
    ["segment", "hvac"],
    ["gateway", "gw-1"],
  ] as const)
    board.causes.begin({ cause, scope, detail: "nothing answers", since: clock.wall() });
  board.hold({ scope: "segment:bridge", detail: "pump fell silent, several others with it", since: clock.wall() });
  board.countBlocked();
  board.reloaded(2);
  board.overheard("mixer" as DeviceId, clock.monotonic());
  const page = quietPage(clock, {
    gate: { preview: previewed(clock) },
    outstanding: { count: 2, oldest: milliseconds(1500), connectionsFree: ({ connections }) => connections.free - 1 },
    schedule: { overdue: milliseconds(250) },
    journal: { unwritableSince: 5 as WallMs, lost: 7, auditHead: { sequence: 41, hash: "0123456789abcdef".repeat(4) } },
    time: { highest: 1_763_726_400_500 as WallMs, behind: milliseconds(7) },
    datagramsDropped: { late: 3, foreign: 2 },
    fence: { state: () => "stale", checkedAt: 1_763_726_300_500 as WallMs },
    deepQueries: { runs: true, lastEnded: 1_763_726_200_500 as WallMs, ended: { complete: 4, incomplete: 1, cut_short: 2 } },
    web: {
      successful: false,
      lastSuccess: 1_763_726_399_250 as WallMs,
      certificateEnds: 1_780_000_000_000 as WallMs,
      refusals: [
        ["password", 3],
        ["connections", 0],
      ],
    },
    ...options,
  });
  page.countPulse();
  for (const late of latenesses) page.observeLateness(milliseconds(late * 1000));
  page.countSkip();
  return { board, clock, page };
}

function lineOf(id: Line["id"]): Line {
  const hold = milliseconds(0);
  return {
    id,
    segment: hvac,
    gap: seconds(60),
    holdAfterTimeout: hold,
    connections: { free: 3, countedAfterReset: hold, countedAfterLoss: hold },
  };
}

/** plc in half a minute, the pump when somebody has reset it, all others at once. */
function previewed(clock: FakeClock): (check: Check) => Verdict {
  return ({ device }) => {
    if (device === "plc") return { admitted: false, reason: "line_budget", retryAt: after(clock.monotonic(), seconds(30)) };
    return device === "pump" ? { admitted: false, reason: "tripped", retryAt: undefined } : { admitted: true };
  };
}

export async function rendered(
  { page, board }: Pick<SmallSite, "page" | "board">,
  format: "text" | "openmetrics" = "text",
): Promise<string> {
  let text = "";
  for await (const piece of page.render(board, format)) text += piece;
  return text;
}
