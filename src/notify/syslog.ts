/** Syslog records as RFC 5424 has them, framed by octet counting (RFC 6587, 3.4.1; RFC 5425, 4.3): no text of a device ends a record. */
import { alarmKinds } from "../domain/alarm-kinds.ts";
import type { Notice, NoticeItem } from "../domain/notify.ts";
import { printable } from "../domain/printable.ts";
import { actionOf, lineOf } from "./words.ts";

export interface Origin {
  /** RFC 5424, 6.2.1. */
  readonly facility: number;
  readonly hostname: string;
}

/** RFC 5424, 6.2.1. */
const severities = { critical: 2, warning: 4, notice: 5 } as const;
/** What every receiver should take (RFC 5424, 6.1). */
const recordBytesMax = 2048;
/** Enterprise number of examples (RFC 5612): this project has none of its own. */
const dataId = "watchkeeper@32473";

/** One frame an item; one for a test. */
export function framesOf(notice: Notice, items: readonly NoticeItem[], origin: Origin): readonly Uint8Array[] {
  const { id, site, lab, at } = notice;
  const shared = { at, origin, site, lab };
  if (items.length === 0)
    return [
      frame({
        ...shared,
        severity: "notice",
        messageId: "Test",
        id: `${id}.0`,
        state: "test",
        subject: site,
        text: "test message of Watchkeeper",
      }),
    ];
  return items.map((item, index) => {
    const { alarm, state, subject } = item;
    const { severity } = alarmKinds[alarm];
    const stands = state === "raised" || state === "event";
    const text = stands ? `${lineOf(item)}. ${actionOf(alarm, subject)} Runbook: ${alarm}` : lineOf(item);
    return frame({ ...shared, severity: stands ? severity : "notice", messageId: alarm, id: `${id}.${index}`, state, subject, text });
  });
}

interface RecordParts {
  readonly at: number;
  readonly origin: Origin;
  readonly site: string;
  readonly lab: boolean;
  readonly severity: keyof typeof severities;
  /** At most 32 printable ASCII characters. */
  readonly messageId: string;
  readonly id: string;
  readonly state: string;
  readonly subject: string;
  readonly text: string;
}

function frame({ at, origin, site, lab, severity, messageId, id, state, subject, text }: RecordParts): Uint8Array {
  const priority = origin.facility * 8 + severities[severity];
  const data = Object.entries({ id, site, state, subject, ...(lab && { lab: "true" }) }).map(
    ([key, value]) => ` ${key}="${parameter(value)}"`,
  );
  const header = `<${priority}>1 ${new Date(at).toISOString()} ${headerWord(origin.hostname, 255)} watchkeeper - ${headerWord(messageId, 32)}`;
  const record = cut(Buffer.from(`${header} [${dataId}${data.join("")}] ${printable(text, recordBytesMax)}`));
  return Buffer.concat([Buffer.from(`${record.length} `), record]);
}

/** Printable ASCII without a space; `-` where nothing is left (RFC 5424, 6.2). */
function headerWord(text: string, charactersMax: number): string {
  return text.replaceAll(/[^\x21-\x7e]/gu, "").slice(0, charactersMax) || "-";
}

/** RFC 5424, 6.3.3: quote, backslash and closing bracket are escaped. */
function parameter(text: string): string {
  return printable(text, 200).replaceAll(/["\\\]]/gu, String.raw`\$&`);
}

/** At most so many bytes, and no half of a character at the end. */
function cut(record: Buffer): Buffer {
  if (record.length <= recordBytesMax) return record;
  let end = recordBytesMax;
  while (((record[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return record.subarray(0, end);
}
