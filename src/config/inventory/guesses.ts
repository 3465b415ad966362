/** What an inventory's words let one suppose: of a device's function and of its category. A guess only ever makes things stricter. */
import type { DeviceFunction } from "../../domain/plan.ts";

type Never = Extract<DeviceFunction, "safety" | "protection" | "navigation">;

/** Whole words, of which a hyphen and an underscore divide two; German ones may stand within a longer one. */
const never: readonly (readonly [Never, RegExp])[] = [
  [
    "safety",
    /\b(?:esd|psd|sis|f ?& ?g|hipps|bms|pss|safety|emergency|e-?stop|fire|smoke|flame|burner|gas ?detection|sprinkler|interlock|failsafe|fail-safe|f-cpu|plc-?f|trip ?unit|alarm ?panel)\b|feuer|brand(?:melde|schutz|zentrale)|brenner|rauchmeld|gaswarn|not-?aus|nothalt|notabschalt|notstopp|sicherheits(?:steuerung|sps|system|kette|relais)|löschanlage|loeschanlage/iu,
  ],
  [
    "protection",
    /\b(?:protection ?relays?|protective ?relays?|feeder ?protection|generator ?protection|motor ?protection|differential ?protection|overspeed|governor|siprotec|sepam|micom|relion|sel-?\d{3,4})\b|schutzrelais|schutzger|netzschutz|generatorschutz|motorschutz|überdrehzahl|ueberdrehzahl/iu,
  ],
  [
    "navigation",
    /\b(?:ecdis|radar|gps|gnss|ais|gyro(?:compass)?|autopilot|vdr|s-vdr|echo ?sounder|speed ?log|bnwas|gmdss|navtex|dynamic ?positioning|dp ?system|steering)\b|kreiselkompass|ruderanlage|echolot/iu,
  ],
];

export interface SupposedFunction {
  readonly function: DeviceFunction;
  /** The word that speaks for it, as it stands in the inventory; absent where it is stated, or nothing does. */
  readonly because?: string;
  readonly stated: boolean;
}

const stated: ReadonlySet<string> = new Set<DeviceFunction>(["control", "monitoring", "network", "safety", "protection", "navigation"]);

/** @param cell the inventory's own column. Words of danger outweigh it: whoever states `control` of a burner must say so in the watchlist. */
export function supposedFunction(cell: string, texts: readonly string[], isSwitch: boolean): SupposedFunction {
  const words = [cell, ...texts].join(" | ").replaceAll("_", " ");
  const exact = cell.toLowerCase();
  for (const [guess, pattern] of never) {
    const because = pattern.exec(words)?.[0];
    if (because !== undefined) return exact === guess ? { function: guess, stated: true } : { function: guess, because, stated: false };
  }
  if (stated.has(exact)) return { function: exact as DeviceFunction, stated: true };
  if (isSwitch || /\b(?:switch|router|firewall|access ?point)\b/iu.test(words)) return { function: "network", stated: false };
  const watches = /\b(?:meter|sensor|monitor(?:ing)?|logger|gauge|messger)/iu.test(words);
  return { function: watches ? "monitoring" : "control", stated: false };
}

/** Of IACS UR E22; undefined where the inventory does not say it. */
export function statedCategory(cell: string): "I" | "II" | "III" | undefined {
  const word = cell
    .toLowerCase()
    .replaceAll(/^(?:cat(?:egory)?|kategorie|kat)\.? */gu, "")
    .trim();
  if (/^(?:iii|3|high|hoch|critical|kritisch|essential|sehr hoch|very high)$/u.test(word)) return "III";
  if (/^(?:ii|2|medium|mittel|important|wichtig|moderate)$/u.test(word)) return "II";
  return /^(?:i|1|low|niedrig|gering)$/u.test(word) ? "I" : undefined;
}
