/** A notice as JSON: our own shape, or the alerts that Alertmanager takes at /api/v2/alerts. */
import { alarmKinds } from "../domain/alarm-kinds.ts";
import type { Notice, NoticeItem, WebhookFormat } from "../domain/notify.ts";
import { actionOf, lineOf, subjectOf, textOf } from "./words.ts";

/** What stands is to stand until it is told to be over, not until Alertmanager's own `resolve_timeout`. */
const standsMs = 30 * 86_400_000;
/** What happened and has no end is shown for so long. */
const eventShownMs = 3_600_000;

export function bodyOf(format: WebhookFormat, notice: Notice, items: readonly NoticeItem[]): string {
  return JSON.stringify(format === "alertmanager" ? alertsOf(notice, items) : ownShape(notice, items));
}

function ownShape(notice: Notice, items: readonly NoticeItem[]): object {
  const { id, number, site, lab, at, standing } = notice;
  return {
    schema: "notice/v1",
    id,
    number,
    site,
    lab,
    at: iso(at),
    test: items.length === 0,
    standing,
    subject: subjectOf(notice, items),
    text: textOf(notice, items),
    items: items.map(({ alarm, state, subject, name, since, until, detail }) => ({
      alarm,
      severity: alarmKinds[alarm].severity,
      state,
      subject,
      name,
      since: iso(since),
      until: until === undefined ? null : iso(until),
      detail,
      action: actionOf(alarm, subject),
      runbook: alarm,
    })),
  };
}

function alertsOf(notice: Notice, items: readonly NoticeItem[]): readonly object[] {
  const { site, at, id } = notice;
  if (items.length === 0) {
    const labels = { alertname: "WatchkeeperTest", severity: "warning", site };
    return [
      { labels, annotations: { summary: "test message of Watchkeeper", message: id }, startsAt: iso(at), endsAt: iso(at + eventShownMs) },
    ];
  }
  return items.map((item) => {
    const { alarm, state, subject, since, until } = item;
    const device = alarm.startsWith("WatchkeeperDevice") || alarm === "WatchkeeperCpuNotRunning";
    const labels = { alertname: alarm, severity: alarmKinds[alarm].severity, site, ...(device ? { device: subject } : { scope: subject }) };
    const annotations = { summary: lineOf(item), description: actionOf(alarm, subject), runbook: alarm, message: id };
    const ends = state === "raised" ? at + standsMs : state === "event" ? at + eventShownMs : (until ?? at);
    return { labels, annotations, startsAt: iso(since), endsAt: iso(ends) };
  });
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
