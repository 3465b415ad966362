/** The judgement in words for the engineer, or the vendor, who asked for proof. */
import { violationKinds, type Judgement } from "./judgement.ts";

const violationsShown = 50;

export function judgementText(judgement: Judgement): readonly string[] {
  const { packets, ours, fromNs, toNs, pollerAddresses, others, checks, lines, arpRequests, quiet, unjudged, violations } = judgement;
  const asked = checks.filter(({ requests }) => requests > 0);
  const connections = lines.filter(({ connectionsAtOnceMost }) => connectionsAtOnceMost > 0);
  return [
    `${packets} frames from ${time(fromNs)} to ${time(toNs)}, ${ours} of them from the poller (${pollerAddresses.join(", ")})`,
    "",
    ...(asked.length === 0
      ? ["No approved request was seen."]
      : table(["check", "requests", "smallest gap", "at least"], asked.map(checkRow))),
    "",
    `${asked.length} of ${checks.length} checks seen; at most ${Math.max(0, ...connections.map((line) => line.connectionsAtOnceMost))} connection at once on a line; ${arpRequests} address resolutions`,
    "",
    ...(quiet.length === 0
      ? ["No stop and no pause is known of in its time."]
      : ["Nothing was to leave in:", ...quiet.map((why) => `  ${why}`)]),
    ...(unjudged.length === 0
      ? []
      : [
          "Cannot be judged: whom these pauses covered was more than is kept of pauses that are over. Each is in the audit (`watchkeeper audit export`); its devices can be named with --quiet.",
          ...unjudged.map((why) => `  ${why}`),
        ]),
    "",
    ...others.map(
      ({ address, packets: count }) =>
        `${address} sent ${count} packets to devices of the plan: not judged; if it is the poller's, say --poller`,
    ),
    ...(ours === 0
      ? ["No packet of the poller is in this capture: nothing is proved. Was the right interface captured, and is --poller right?"]
      : []),
    ...(violations.length === 0 && ours > 0
      ? [
          unjudged.length === 0
            ? "Nothing left the poller that the plan does not allow."
            : "Nothing left the poller that the plan does not allow, but what left in the pauses that cannot be judged is not proved.",
        ]
      : violations.length === 0
        ? []
        : [
            `${violations.length} ${violations.length === 1 ? "violation" : "violations"}:`,
            ...violations.slice(0, violationsShown).map(({ kind, packet, atNs, detail }) => {
              const where = packet === undefined ? "whole capture" : `packet ${packet}, ${time(atNs)}`;
              return `  ${violationKinds[kind]} (${where}): ${detail}`;
            }),
            ...(violations.length > violationsShown ? [`  and ${violations.length - violationsShown} more; --json lists all`] : []),
          ]),
  ];
}

function checkRow({ check, requests, smallestGapMs, intervalMs }: Judgement["checks"][number]): readonly string[] {
  return [check, String(requests), smallestGapMs === undefined ? "asked once" : seconds(smallestGapMs), seconds(intervalMs)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}

function seconds(span: number): string {
  return `${(span / 1000).toFixed(3)} s`;
}

/** UTC, to the millisecond. */
function time(atNs: bigint): string {
  return new Date(Number(atNs / 1_000_000n)).toISOString();
}
