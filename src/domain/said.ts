/** What a device says of itself as fields that can be compared, and what counts as another value of one. */
import type { Identity } from "./outcome.ts";

/** In words for people, in the order in which they are shown. */
export const identityFields = {
  vendor: "vendor",
  product: "product",
  description: "description",
  firmware: "firmware",
  serial: "serial number",
  certificate: "certificate",
  hardware_address: "hardware address",
} as const;
export type IdentityField = keyof typeof identityFields;
const fields = Object.keys(identityFields) as readonly IdentityField[];

/** Fields as the device said them; absent where it said nothing. */
export type Said = Readonly<Partial<Record<IdentityField, string>>>;

/** `before` was accepted; `after` is what the device says, undefined where it says nothing of it any more. */
export interface Difference {
  readonly field: IdentityField;
  readonly before: string;
  readonly after: string | undefined;
}

/**
 * SNMP's text (sysDescr) names product and firmware in one, and its object id the product alone. The text of Modbus FC 17 has no form of
 * its own, and a device may put a counter into it. Neither tells by itself that another product answers: both are descriptions.
 * @param source the method by which it was said
 */
export function saidOf(
  source: string,
  { vendor, vendorCode, product, code, revision, serial, certificate, hardwareAddress }: Identity,
): Said {
  const described = code !== undefined || source.startsWith("snmp") || source === "modbus-fc17";
  const all: Readonly<Record<IdentityField, string | undefined>> = {
    vendor: vendorCode === undefined ? vendor : `${vendor ?? "vendor"} [no. ${vendorCode}]`,
    product: described ? code : product,
    description: described ? product : undefined,
    firmware: revision,
    serial,
    certificate,
    hardware_address: hardwareAddress,
  };
  return Object.fromEntries(fields.flatMap((field) => (all[field] === undefined ? [] : [[field, all[field]]])));
}

/** What of `accepted` is other now. What is said and was never accepted is no difference: `newFields` names it. */
export function differences(accepted: Said, said: Said): readonly Difference[] {
  return fields.flatMap((field): readonly Difference[] => {
    const [before, after] = [accepted[field], said[field]];
    const same = before === after || (after !== undefined && comparable(field, before ?? "") === comparable(field, after));
    return before === undefined || same ? [] : [{ field, before, after }];
  });
}

/** Fields that are said and of which nothing was accepted. */
export function newFields(accepted: Said, said: Said): readonly IdentityField[] {
  return fields.filter((field) => said[field] !== undefined && accepted[field] === undefined);
}

export function sameSaid(a: Said, b: Said): boolean {
  return differences(a, b).length === 0 && newFields(a, b).length === 0;
}

/** `vendor "Schneider Electric", product "TM221CE24R", firmware "1.11"`. */
export function saidWords(said: Said): string {
  const parts = fields.flatMap((field) => (said[field] === undefined ? [] : [`${identityFields[field]} "${said[field]}"`]));
  return parts.join(", ") || "nothing";
}

/** `firmware: was "1.11", is "1.12"`. */
export function differenceWords(found: readonly Difference[]): string {
  return found
    .map(
      ({ field, before, after }) =>
        `${identityFields[field]}: was "${before}", ${after === undefined ? "is not said any more" : `is "${after}"`}`,
    )
    .join("; ");
}

/** The value without what makes no other one of it: padding, NULs, case, and of each field what its makers write now so, now so. */
export function comparable(field: IdentityField, text: string): string {
  const plain = text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\p{C}\s]+/gu, " ")
    .trim();
  switch (field) {
    case "vendor": {
      const number = /\[no\. (\d+)\]$/u.exec(plain)?.[1];
      return number === undefined ? lettersOf(plain) : `[no. ${number}]`;
    }
    case "product":
      return lettersOf(plain);
    case "firmware":
      return version(plain);
    case "serial":
      return unpadded(plain);
    case "certificate":
      // Of several, in whatever order they came.
      return plain
        .split(/[ ,;]+/u)
        .map((one) => one.replaceAll(/[^0-9a-z]/gu, ""))
        .toSorted()
        .join(" ");
    case "hardware_address":
      return plain
        .split(/[:.-]/u)
        .map((part) => part.padStart(2, "0"))
        .join("");
    case "description":
      return plain;
  }
}

/** Makers pad and space their names differently from one firmware to the next. A name of signs alone stays what it is. */
function lettersOf(plain: string): string {
  return plain.replaceAll(/[^\p{L}\p{N}]/gu, "") || plain;
}

/** `V01.20` is `1.20`, and `10.001.0` is `10.1`; 2.8 and 2.80 are two versions, as makers count them. */
function version(plain: string): string {
  const numbers = /^v?\s*(\d+(?:\.\d+)*)$/u.exec(plain)?.[1];
  if (numbers === undefined) return plain;
  const parts = numbers.split(".").map((part) => part.replace(/^0+(?=\d)/u, ""));
  while (parts.length > 1 && parts.at(-1) === "0") parts.pop();
  return parts.join(".");
}

/** `0x00C0FFEE` is `c0ffee`. A serial number of zeros alone stays one. */
function unpadded(plain: string): string {
  const signs = plain.replace(/^0x(?=[0-9a-f])/u, "").replaceAll(/[^\p{L}\p{N}]/gu, "");
  return signs.replace(/^0+(?=.)/u, "") || plain;
}
