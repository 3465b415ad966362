/** Which of the two formats a scraper would rather have, by its Accept header (RFC 9110, 12.5.1). */
import type { Format } from "./exposition.ts";

interface Range {
  readonly type: string;
  readonly version: string | undefined;
  /** 0 to 1; what cannot be read counts as not wanted. */
  readonly quality: number;
}

/** OpenMetrics only where it is named and preferred; a browser and a script without the header get the text format. */
export function formatFor(accept: string | undefined): Format {
  const ranges = (accept ?? "").split(",", 50).map(range);
  const best = (fits: (range: Range) => boolean): number => Math.max(0, ...ranges.filter(fits).map(({ quality }) => quality));
  const openMetrics = best(
    ({ type, version }) => type === "application/openmetrics-text" && (version === undefined || version === "1.0.0"),
  );
  const text = best(({ type, version }) => type === "text/plain" && (version === undefined || version === "0.0.4"));
  return openMetrics > 0 && openMetrics >= text ? "openmetrics" : "text";
}

function range(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const value = (name: string): string | undefined => parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  const quality = value("q");
  return { type, version: value("version")?.replaceAll('"', ""), quality: quality === undefined ? 1 : qualityOf(quality) };
}

function qualityOf(text: string): number {
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/u.test(text) ? Number(text) : 0;
}
