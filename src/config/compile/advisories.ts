/** What the known weaknesses of a family withhold: a method for good, or until the owner states a firmware in which it is mended. */
import { firmwareAtLeast as atLeast } from "../../domain/firmware.ts";
import type { MethodId } from "../../domain/operations.ts";
import type { Advisory, FixedFirmware } from "../schema/advisories.ts";
import type { FirmwareStatement } from "../schema/statements.ts";

export interface AdvisoryQuestion {
  readonly method: MethodId;
  readonly advisories: readonly Advisory[];
  /** As the watchlist names it; null: not stated. */
  readonly model: string | null;
  readonly firmware: FirmwareStatement | undefined;
}

export interface AdvisoryRefusal {
  readonly reason: "statement_missing" | "method_withdrawn";
  readonly detail: string;
}

/** The advisory that takes a method away for good, for the reason of its refusal. */
export function forbiddingAdvisory(method: MethodId, advisories: readonly Advisory[]): Advisory | undefined {
  return advisories.find(({ gate, methods }) => gate === "forbid-method" && methods.includes(method));
}

/** Firmware that is not stated counts as vulnerable, and so does a version that cannot be read. */
export function firmwareRefusal({ method, advisories, model, firmware }: AdvisoryQuestion): AdvisoryRefusal | undefined {
  const gated = advisories.filter(({ gate, methods }) => gate === "require-firmware" && methods.includes(method));
  const refusals = gated.flatMap((advisory): AdvisoryRefusal[] => {
    const { id, trigger, fixedIn } = advisory;
    const wanted = versionWanted(fixedIn, model);
    const because = `${id}: ${trigger}`;
    if (wanted === undefined) return [{ reason: "method_withdrawn", detail: `${because}: no firmware is named in which it is mended` }];
    if (firmware === undefined) {
      const detail = `firmware is not stated, and counts as vulnerable (${because}): state the version that runs (version, by, on); ${method} is asked from ${wanted} on`;
      return [{ reason: "statement_missing", detail }];
    }
    if (atLeast(firmware.version, wanted)) return [];
    return [
      { reason: "method_withdrawn", detail: `firmware is ${firmware.version}, and ${method} is asked from ${wanted} on (${because})` },
    ];
  });
  return refusals.find(({ reason }) => reason === "method_withdrawn") ?? refusals[0];
}

/** From which firmware on the method is asked at all; undefined where no advisory makes a difference between versions. */
export function firmwareFrom({ method, advisories, model }: Omit<AdvisoryQuestion, "firmware">): string | undefined {
  const gated = advisories.filter(({ gate, methods }) => gate === "require-firmware" && methods.includes(method));
  return gated.flatMap(({ fixedIn }) => versionWanted(fixedIn, model) ?? []).reduce<string | undefined>(higher, undefined);
}

/** The first version of the model that is named; where none fits, the highest of all. */
function versionWanted(fixedIn: readonly FixedFirmware[], model: string | null): string | undefined {
  const own = model === null ? undefined : fixedIn.find((one) => model.toLowerCase().includes(one.model.toLowerCase()));
  return own?.version ?? fixedIn.map(({ version }) => version).reduce<string | undefined>(higher, undefined);
}

function higher(a: string | undefined, b: string): string {
  return a !== undefined && atLeast(a, b) ? a : b;
}
