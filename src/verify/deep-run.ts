/** Reads when a deep query ran, and towards whom, from its record (deep-query/v1). */
import { instantNs } from "./quiet.ts";

/** A time in which the named addresses may be asked what the plan keeps for deep queries. */
export interface DeepRun {
  readonly id: string;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly addresses: ReadonlySet<string>;
}

/** The text is no record of a deep query; the message says what is missing. */
export class RecordUnreadable extends Error {
  override readonly name = "RecordUnreadable";
}

/** @throws RecordUnreadable */
export function deepRunOf(json: unknown): DeepRun {
  const { schema, id, startedAt, endedAt, devices } = (json ?? {}) as Readonly<Record<string, unknown>>;
  if (schema !== "deep-query/v1") throw new RecordUnreadable(`schema ${JSON.stringify(schema)}: expected "deep-query/v1"`);
  if (!Array.isArray(devices)) throw new RecordUnreadable("devices: expected a list");
  return {
    id: typeof id === "string" ? id : "unnamed",
    fromNs: instantNs(startedAt) ?? fail("startedAt: expected a time such as 2026-11-21T12:00:00.000Z"),
    toNs: instantNs(endedAt) ?? fail("endedAt: expected a time such as 2026-11-21T12:05:00.000Z"),
    addresses: new Set(devices.map((device: unknown, at) => addressOf(device) ?? fail(`devices[${at}].address: expected a text`))),
  };
}

/** The record has it with its port: `192.0.2.10:502`. */
function addressOf(device: unknown): string | undefined {
  const { address } = (device ?? {}) as Readonly<Record<string, unknown>>;
  return typeof address === "string" ? address.replace(/:\d+$/u, "") : undefined;
}

function fail(expected: string): never {
  throw new RecordUnreadable(expected);
}
