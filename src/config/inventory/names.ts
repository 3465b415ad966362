/** Ids and MAC addresses from the way in which inventories write them. */

/** `Kühlwasser-Pumpe 2 (Bb)` becomes `kuehlwasser-pumpe-2-bb`; empty where nothing is left. */
export function idFrom(text: string): string {
  const spelled = text.toLowerCase().replaceAll("ä", "ae").replaceAll("ö", "oe").replaceAll("ü", "ue").replaceAll("ß", "ss");
  const ascii = spelled.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  return ascii
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "")
    .slice(0, 63)
    .replaceAll(/-+$/gu, "");
}

export interface Macs {
  readonly macs: readonly string[];
  /** What stands there and is no MAC address of one device. */
  readonly bad: readonly string[];
}

/** `00-80-F4-01-02-03`, `0080.f401.0203` and `0080F4010203` are one address; several may stand in a cell. */
export function macsIn(cell: string): Macs {
  const parts = cell.split(/[,;|/\s]+/u).filter((part) => part !== "");
  const made = parts.map((part) => [part, macOf(part)] as const);
  return {
    macs: [...new Set(made.flatMap(([, mac]) => (mac === undefined ? [] : [mac])))],
    bad: made.flatMap(([part, mac]) => (mac === undefined ? [part] : [])),
  };
}

function macOf(text: string): string | undefined {
  const digits = text.toLowerCase().replaceAll(/[:.-]/gu, "");
  if (!/^[0-9a-f][02468ace][0-9a-f]{10}$/u.test(digits) || /^0+$/u.test(digits)) return undefined;
  return digits.match(/../gu)!.join(":");
}
