/** Whether what would be sent now lies inside what was approved then: a digest alone says only "changed", the figures beside it say which way. */
import { z } from "zod";
import type { MethodId } from "../../domain/operations.ts";
import { canonicalJson } from "../../domain/canonical.ts";
import { formatDuration } from "../../domain/duration.ts";
import { limits } from "../../domain/limits.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import { ownerStatements } from "../schema/profile.ts";
import { overflows, watchdogModes } from "../schema/statements.ts";
import { digestOf } from "./digest.ts";
import { closingFaults, directions, type Comparison, type Directions } from "./direction.ts";
import type { Envelope, EnvelopeMethod, EnvelopePhase, EnvelopeRequest } from "./envelope.ts";

const count = z.int().min(0);
/** A lone surrogate has no canonical text: such an envelope is nobody's. */
const wellFormed = z.string().refine((text) => text.isWellFormed());
const names = z.array(wellFormed);
const phase: z.ZodType<EnvelopePhase> = z.strictObject({
  connectionsMax: count,
  requestsMax: count,
  bytesMax: count,
  frames: z.array(z.strictObject({ operation: wellFormed, hex: wellFormed, mask: wellFormed, lengthMax: count.exactOptional() })),
});
const request: z.ZodType<EnvelopeRequest> = z.strictObject({ opening: phase, asking: phase, closing: phase });
const method: z.ZodType<EnvelopeMethod> = z.strictObject({
  intervalMinMs: count,
  connectWithinMs: count,
  answerWithinMs: count,
  requests: z.record(wellFormed, request),
});
const envelope: z.ZodType<Envelope> = z.strictObject({
  schema: z.literal("envelope/v1"),
  connection: z.strictObject({
    mode: z.enum(["fresh", "kept"]),
    idleTimeoutMs: count.nullable(),
    poolSize: count,
    overflow: z.enum(overflows),
    reserve: count,
  }),
  watchdog: z.strictObject({ fedBy: z.enum(watchdogModes), closeCausesFault: z.enum(closingFaults), strictKind: z.boolean() }),
  ownerMustState: z.array(z.enum(ownerStatements)),
  forbidden: names,
  demands: names.exactOptional(),
  identification: z.strictObject({ vendors: names, products: names }),
  methods: z.record(wellFormed, method),
  deepQuery: z.record(wellFormed, request).exactOptional(),
});

/** The envelope that an approval block holds; undefined where it holds none that `covers` is the digest of: then `covers` must be today's. */
export function approvedEnvelope(held: unknown, covers: string | undefined): Envelope | undefined {
  const read = envelope.safeParse(held);
  return read.success && digestOf(read.data) === covers ? read.data : undefined;
}

/** One check as it would be asked now. */
export interface Asked {
  readonly method: MethodId;
  /** As `requestOf` names it. */
  readonly request: string;
  readonly interval: Milliseconds;
  /** By a deep query. */
  readonly deep?: true;
}

/**
 * Every figure by which a check of today goes beyond the approved envelope, in words; none: it lies inside. Its pace is its own: a new
 * device that is to be asked more often takes nothing from those that are admitted.
 */
export function beyond(now: Envelope, then: Envelope, { method: id, request, interval, deep }: Asked): readonly string[] {
  const today = now.methods[id];
  const approved = then.methods[id];
  if (today === undefined || approved === undefined) return [`${id} was not approved`];
  return [
    // A deep query asks once between two heartbeats, whatever their pace.
    ...(deep ? [] : paceBeyond(interval, approved)),
    ...figures(id, today, approved, ["connectWithinMs", "answerWithinMs"]),
    ...figures(
      "connection",
      { ...now.connection, idleTimeoutMs: now.connection.idleTimeoutMs ?? 0 },
      { ...then.connection, idleTimeoutMs: then.connection.idleTimeoutMs ?? 0 },
      ["mode", "idleTimeoutMs", "poolSize", "overflow", "reserve"],
    ),
    ...figures("watchdog", now.watchdog, then.watchdog, ["fedBy", "closeCausesFault", "strictKind"]),
    ...figures("profile", withDemands(now), withDemands(then), ["ownerMustState", "forbidden", "demands"]),
    ...looser("identification.vendors", directions.identification, now.identification.vendors, then.identification.vendors),
    ...looser("identification.products", directions.identification, now.identification.products, then.identification.products),
    ...(deep ? requestBeyond(request, now.deepQuery, then.deepQuery) : framesBeyond(id, today, approved, request)),
  ];
}

function withDemands(one: Envelope): Required<Pick<Envelope, "ownerMustState" | "forbidden" | "demands">> {
  return { ownerMustState: one.ownerMustState, forbidden: one.forbidden, demands: one.demands ?? [] };
}

/**
 * Whether everything that may be sent now was approved then.
 * @param paces of the checks that count, in place of the family's shortest
 */
export function isInside(now: Envelope, then: Envelope, paces?: readonly Pick<Asked, "method" | "interval">[]): boolean {
  const methods = Object.entries(now.methods) as [MethodId, EnvelopeMethod][];
  const deeper = Object.keys(now.deepQuery ?? {}).some((request) => requestBeyond(request, now.deepQuery, then.deepQuery).length > 0);
  if (deeper) return false;
  return methods.every(([method, { requests, intervalMinMs }]) => {
    const own = paces?.filter((one) => one.method === method).map(({ interval }) => interval);
    const interval = own === undefined ? milliseconds(intervalMinMs) : milliseconds(Math.min(limits.intervalMax, ...own));
    return Object.keys(requests).every((request) => beyond(now, then, { method, request, interval }).length === 0);
  });
}

function paceBeyond(interval: Milliseconds, { intervalMinMs }: EnvelopeMethod): readonly string[] {
  if (!directions.intervalMinMs.looser(interval, intervalMinMs)) return [];
  return [`asked every ${formatDuration(interval)}, approved not faster than every ${formatDuration(milliseconds(intervalMinMs))}`];
}

type ValueOf<Key extends keyof Directions> = Directions[Key] extends Comparison<infer Value> ? Value : never;

function figures<Key extends keyof Directions>(
  where: string,
  now: { readonly [Name in Key]: ValueOf<Name> },
  then: { readonly [Name in Key]: ValueOf<Name> },
  keys: readonly Key[],
): readonly string[] {
  return keys.flatMap((key) => {
    const direction = directions[key] as unknown as Comparison<ValueOf<Key>>;
    return looser(`${where}.${key}`, direction, now[key], then[key]);
  });
}

function looser<Value>(name: string, direction: Comparison<Value>, now: Value, then: Value): readonly string[] {
  return direction.looser(now, then) ? [`${name} is ${JSON.stringify(now)}, approved was ${JSON.stringify(then)}`] : [];
}

function framesBeyond(
  id: MethodId,
  { requests: now }: EnvelopeMethod,
  { requests: then }: EnvelopeMethod,
  request: string,
): readonly string[] {
  return requestBeyond(request, now, then, request === "" ? id : `${id} of ${request}`);
}

type Requests = Readonly<Record<string, EnvelopeRequest>>;

function requestBeyond(request: string, now: Requests = {}, then: Requests = {}, what: string = request): readonly string[] {
  const [today, approved] = [now[request], then[request]];
  if (today === undefined || approved === undefined) return [`${what} was not approved`];
  return canonicalJson(today) === canonicalJson(approved) ? [] : [`the bytes of ${what} are others than those approved`];
}
