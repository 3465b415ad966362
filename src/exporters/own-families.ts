/** What the poller says of itself: whether it lives, writes its audit, trusts its clock, and what it sends. */
import type { Sent } from "../domain/outcome.ts";
import { counter, counters, gauge, gauges, type Look, type SiteDefinition, type Value } from "./site-definitions.ts";

/** Of the 64 of a hash: enough to tell two heads apart, and short beside every other label. */
const headDigits = 12;

export const ownFamilies: readonly SiteDefinition[] = [
  gauges(
    "build_info",
    "1, with the version, the commit and the Node version.",
    ["version", "revision", "node_version"],
    ({ build: { version, revision, nodeVersion } }) => [[{ version, revision, node_version: nodeVersion }, 1]],
  ),
  gauge("audit_writable", "0 while audit records cannot be written; after 24 h of that polling stops.", ({ journal }) =>
    journal.unwritableSince === undefined ? 1 : 0,
  ),
  gauges(
    "audit_head_info",
    "1, with the first digits of the hash of the last audit record on disk: kept outside, it shows a tail that was cut off.",
    ["head"],
    ({ journal }) => [[{ head: journal.auditHead.hash.slice(0, headDigits) }, 1]],
  ),
  counter(
    "audit_records",
    "Audit records on disk. It outlives restarts: when it goes down, an older state folder was put in its place.",
    ({ journal }) => journal.auditHead.sequence,
  ),
  counter("journal_lost", "Records that could not be written and found the journal's queue full.", ({ journal }) => journal.lost),
  gauge("clock_suspect", "1 while the wall clock is behind the highest trusted time, by which approvals then end.", ({ time }) =>
    time.behind > 0 ? 1 : 0,
  ),
  gauge(
    "clock_highest_trusted_timestamp_seconds",
    "The highest trusted time: an approval ends by it or by the wall clock, whichever is later.",
    ({ time }) => time.highest / 1000,
  ),
  gauge("config_last_reload_successful", "Whether the files were in order when they were last read.", ({ board }) =>
    board.reload.successful ? 1 : 0,
  ),
  gauge(
    "config_restart_needed",
    "1 while settings were changed that hold only from the next start (where the web server listens, how is logged): a reload says which.",
    ({ board }) => (board.restartFor.length > 0 ? 1 : 0),
  ),
  gauge(
    "config_last_reload_success_timestamp_seconds",
    "When the files were last read and in order.",
    ({ board }) => (board.reload.lastSuccess ?? 0) / 1000,
  ),
  gauge(
    "web_config_last_reload_successful",
    "Whether the web configuration file was in order when it was last read: 0 while an earlier one is in force. 1 where none is named.",
    ({ web }) => (web.successful ? 1 : 0),
  ),
  gauge(
    "web_config_last_reload_success_timestamp_seconds",
    "When the web configuration file was last read and in order; 0 where none is named.",
    ({ web }) => (web.lastSuccess ?? 0) / 1000,
  ),
  counters("web_refused", "Requests and connections that the web server did not let in, by reason.", ["reason"], ({ web }) =>
    web.refusals.map(([reason, count]): Value => [{ reason }, count]),
  ),
  counter(
    "guard_blocked",
    "Frames and connections that are not in the plan and were stopped before they left.",
    ({ board }) => board.blocked,
  ),
  counter(
    "stalls",
    "Times the poller stood still or time jumped; nothing is asked until it has looked around.",
    ({ board }) => board.stalls,
  ),
  counters(
    "udp_datagrams_dropped",
    "Datagrams that came in and were no answer to what was being asked. late: from an address that was asked, so an answer after its time or to something else; foreign: from any other.",
    ["reason"],
    ({ datagramsDropped }) => (["late", "foreign"] as const).map((reason): Value => [{ reason }, datagramsDropped[reason]]),
  ),
  gauge("in_flight", "Checks that are being asked at this moment.", ({ outstanding }) => outstanding.count),
  gauge(
    "oldest_in_flight_seconds",
    "For how long the oldest exchange has been out; 0 when none is. Above 35 s (33 s for answers, 2 s for the socket) something does not let go.",
    ({ outstanding }) => outstanding.oldest / 1000,
  ),
  gauge(
    "schedule_overdue_seconds",
    "By how much the start that is due first is late at this moment; it grows when the schedule stands still. 0 while nothing is due.",
    ({ schedule }) => schedule.overdue / 1000,
  ),
  sent("requests"),
  sent("bytes"),
  sent("connections"),
];

function sent(what: keyof Sent): SiteDefinition {
  const help = `What left for devices, in ${what}: may be subtracted by whoever watches the segment.`;
  return counters(`sent_${what}`, help, ["segment"], ({ board }: Look) =>
    Array.from(board.sent(), ([segment, of]): Value => [{ segment }, of[what]]),
  );
}
