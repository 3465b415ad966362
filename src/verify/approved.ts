/** What a plan (plan/v1, as `plan --json` prints it) allows, by where it goes. Read anew from the text: nothing of the poller's own code is trusted with judging it. */

export interface ApprovedFrame {
  readonly operation: string;
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
  /** Longest frame, where the template fixes only the beginning; undefined: exactly as long as `bytes`. */
  readonly lengthMax: number | undefined;
}

export interface ApprovedCheck {
  readonly id: string;
  /** Undefined in plans of earlier releases. */
  readonly device: string | undefined;
  /** Asked by a deep query alone, so in no time but that of its run. */
  readonly deep: boolean;
  readonly line: string;
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly transport: string;
  readonly localAddress: string | undefined;
  readonly intervalMs: number;
  /** Undefined where no other check asks this device. */
  readonly floor: { readonly device: string; readonly gapMs: number } | undefined;
  readonly answerWithinMs: number;
  /** What one connection may carry once: the first frames and the goodbye. */
  readonly opening: ApprovedPhase;
  readonly asking: ApprovedPhase;
  readonly closing: ApprovedPhase;
  /** IP packets from the poller in one check, whatever happens to the device or the poller. */
  readonly packetsMax: number;
  readonly arpBroadcastsMax: number;
  readonly arpProbesMax: number;
}

export interface ApprovedPhase {
  readonly requestsMax: number;
  readonly frames: readonly ApprovedFrame[];
}

export interface Approved {
  readonly checks: readonly ApprovedCheck[];
  /** By line: the shortest time between two requests, in milliseconds. */
  readonly lineGapMs: ReadonlyMap<string, number>;
}

/** The text is not a plan that this checker can judge by; the message says what is missing where. */
export class PlanUnreadable extends Error {
  override readonly name = "PlanUnreadable";
}

type Json = Readonly<Record<string, unknown>>;

/** @throws PlanUnreadable */
export function approvedBy(plan: unknown): Approved {
  const root = object(plan, "the plan");
  if (root["schema"] !== "plan/v1")
    throw new PlanUnreadable(`schema ${JSON.stringify(root["schema"])}: expected "plan/v1", as \`plan --json\` prints it`);
  const lines = list(root["lines"], "lines").map((line, at) => object(line, `lines[${at}]`));
  return {
    checks: [
      ...list(root["checks"], "checks").map((check, at) => checkOf(object(check, `checks[${at}]`), `checks[${at}]`, false)),
      // Plans of earlier releases have none.
      ...list(root["deepChecks"] ?? [], "deepChecks").map((check, at) =>
        checkOf(object(check, `deepChecks[${at}]`), `deepChecks[${at}]`, true),
      ),
    ],
    lineGapMs: new Map(lines.map((line, at) => [text(line["id"], `lines[${at}].id`), number(line["gapMs"], `lines[${at}].gapMs`)])),
  };
}

/** Of which site the plan is. @throws PlanUnreadable */
export function siteOf(plan: unknown): string {
  return text(object(plan, "the plan")["site"], "site");
}

/** What several plans allow together, for a capture over a reload: of two figures the looser. */
export function eitherOf(plans: readonly Approved[]): Approved {
  const lineGapMs = new Map<string, number>();
  for (const plan of plans) for (const [line, gap] of plan.lineGapMs) lineGapMs.set(line, Math.min(gap, lineGapMs.get(line) ?? gap));
  return { checks: plans.flatMap(({ checks }) => checks), lineGapMs };
}

/** Whether the frame is one that the template stands for. */
export function fits({ bytes, mask, lengthMax }: ApprovedFrame, frame: Uint8Array): boolean {
  if (lengthMax === undefined ? frame.length !== bytes.length : frame.length < bytes.length || frame.length > lengthMax) return false;
  for (let at = 0; at < bytes.length; at++) if (((frame[at]! ^ bytes[at]!) & mask[at]!) !== 0) return false;
  return true;
}

/** Whether the check asks with such a frame. */
export function asks({ asking }: ApprovedCheck, frame: Uint8Array): boolean {
  return asking.frames.some((each) => fits(each, frame));
}

function checkOf(check: Json, where: string, deep: boolean): ApprovedCheck {
  const target = object(check["target"], `${where}.target`);
  const worst = object(check["worstCase"], `${where}.worstCase`);
  const local = target["localAddress"];
  const { device } = check;
  return {
    id: text(check["id"], `${where}.id`),
    device: typeof device === "string" ? device : undefined,
    deep,
    line: text(check["line"], `${where}.line`),
    protocol: text(check["protocol"], `${where}.protocol`),
    address: text(target["address"], `${where}.target.address`),
    port: number(target["port"], `${where}.target.port`),
    transport: text(target["transport"], `${where}.target.transport`),
    localAddress: typeof local === "string" ? local : undefined,
    intervalMs: number(check["intervalMs"], `${where}.intervalMs`),
    floor: floorOf(check["floor"], `${where}.floor`),
    answerWithinMs: number(check["answerWithinMs"], `${where}.answerWithinMs`),
    opening: phase(check["opening"], `${where}.opening`),
    asking: phase(check["asking"], `${where}.asking`),
    closing: phase(check["closing"], `${where}.closing`),
    packetsMax: Math.max(
      ...["packetsMax", "packetsMaxFrozen", "packetsMaxKilled"].map((key) => number(worst[key], `${where}.worstCase.${key}`)),
    ),
    arpBroadcastsMax: number(worst["arpBroadcastsMax"], `${where}.worstCase.arpBroadcastsMax`),
    arpProbesMax: number(worst["arpProbesMax"], `${where}.worstCase.arpProbesMax`),
  };
}

/** Plans of earlier releases have none. */
function floorOf(value: unknown, where: string): ApprovedCheck["floor"] {
  if (value === undefined || value === null) return undefined;
  const found = object(value, where);
  return { device: text(found["device"], `${where}.device`), gapMs: number(found["gapMs"], `${where}.gapMs`) };
}

function phase(value: unknown, where: string): ApprovedPhase {
  const found = object(value, where);
  const frames = list(found["frames"], `${where}.frames`).map((frame, at) =>
    frameOf(object(frame, `${where}.frames[${at}]`), `${where}.frames[${at}]`),
  );
  return { requestsMax: number(found["requestsMax"], `${where}.requestsMax`), frames };
}

function frameOf(frame: Json, where: string): ApprovedFrame {
  const bytes = hex(frame["hex"], `${where}.hex`);
  const mask = hex(frame["mask"], `${where}.mask`);
  if (bytes.length !== mask.length) throw new PlanUnreadable(`${where}: hex and mask differ in length`);
  const most = frame["lengthMax"];
  return { operation: text(frame["operation"], `${where}.operation`), bytes, mask, lengthMax: typeof most === "number" ? most : undefined };
}

function hex(value: unknown, where: string): Uint8Array {
  const digits = text(value, where);
  if (!/^(?:[0-9a-f]{2})*$/u.test(digits)) throw new PlanUnreadable(`${where}: expected lower-case hexadecimal`);
  return Uint8Array.from(digits.match(/../gu) ?? [], (pair) => Number.parseInt(pair, 16));
}
function object(value: unknown, where: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new PlanUnreadable(`${where}: expected a group`);
  return value as Json;
}
function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new PlanUnreadable(`${where}: expected a list`);
  return value;
}
function text(value: unknown, where: string): string {
  if (typeof value !== "string") throw new PlanUnreadable(`${where}: expected a text`);
  return value;
}
function number(value: unknown, where: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new PlanUnreadable(`${where}: expected a number`);
  return value;
}
