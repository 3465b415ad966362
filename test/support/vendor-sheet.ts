/** Reads the frames of a sheet for vendors as a maker of devices would: what is printed, and what may stand in the braces. */

export interface PrintedFrame {
  readonly operation: string;
  /** Of the whole frame, as lower-case hexadecimal without separators. */
  readonly pattern: RegExp;
}

/** The lines of each method's block, by method. */
export function blocksOf(sheet: string): ReadonlyMap<string, string> {
  return blocksUnder(sheet, "##");
}

/** The same of each read of a deep query, which stand one level below. */
export function deepBlocksOf(sheet: string): ReadonlyMap<string, string> {
  return blocksUnder(sheet, "###");
}

function blocksUnder(sheet: string, mark: "##" | "###"): ReadonlyMap<string, string> {
  const sections = sheet.matchAll(new RegExp(`^${mark} \`(?<name>[a-z0-9-]+)\`$(?<text>[^]*?)(?=^##|(?![^]))`, "gmu"));
  return new Map(
    Array.from(sections, ({ groups }) => [
      groups!["name"]!,
      groups!["text"]!.match(/^```\n(?<block>[^]*?)^```$/mu)?.groups!["block"] ?? "",
    ]),
  );
}

/**
 * @param place the address at which the frames were seen, in place of the one that the sheet has for an example; both of one length, so
 * that the lengths in the frames hold
 */
export function framesOf(block: string, place: string = exampleAddress): readonly PrintedFrame[] {
  if (place.length !== exampleAddress.length) throw new Error(`${place}: expected an address as long as ${exampleAddress}`);
  return block
    .split(/^(?=\S)/mu)
    .filter((frame) => frame !== "")
    .map((frame) => {
      const [operation = "", ...lines] = frame.trimEnd().split("\n");
      return { operation, pattern: new RegExp(`^${patternOf(lines.join(" ")).replaceAll(hexOf(exampleAddress), hexOf(place))}$`, "u") };
    });
}

const exampleAddress = "192.0.2.11";
/** More than any device makes of a name or token of its own. */
const bytesMost = 64;

function patternOf(frame: string): string {
  const words = frame.matchAll(/(?<hex>[0-9a-f]{2})(?= |$)|\{[^{}:]+(?:: (?<bytes>\d+))?\}/gu);
  const found = Array.from(words);
  const read = found.map(([text]) => text).join(" ");
  if (read !== frame.trim().replaceAll(/\s+/gu, " ")) throw new Error(`not a frame: ${frame}`);
  return found
    .map(({ groups }) => {
      const { hex, bytes } = groups as { readonly hex?: string; readonly bytes?: string };
      return hex ?? (bytes === undefined ? `(?:[0-9a-f]{2}){1,${bytesMost}}` : `[0-9a-f]{${2 * Number(bytes)}}`);
    })
    .join("");
}

function hexOf(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}
