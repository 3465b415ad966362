/** What is wanted of a profile of the shipped library beyond what makes it valid: order, sources that lead somewhere, and no word that says more than is known. */
import { limits } from "../../domain/limits.ts";
import type { MethodId } from "../../domain/operations.ts";
import { intervalFloor } from "../compile/interval.ts";
import { quote, type Path } from "../problem.ts";
import { formatDuration } from "../../domain/duration.ts";
import type { Grade, SourceDocument } from "../schema/facts.ts";
import { profileSchema, type Profile, type ProfileMethod } from "../schema/profile.ts";
import type { Complaints } from "./entries.ts";
import { factsOf } from "./facts.ts";
import { checkPropertyOrder } from "./property-order.ts";

/** @param raw the file as it was written */
export function checkLibraryProfile(profile: Profile, raw: unknown, complaints: Complaints): void {
  checkPropertyOrder(profileSchema, raw, complaints);
  checkGrades(profile, complaints);
  checkTraceable(profile, complaints);
  checkPaces(profile, complaints);
  checkWords(raw, [], complaints);
}

const kindsOf: Readonly<Record<Grade, readonly SourceDocument["kind"][]>> = {
  V: ["vendor-manual", "vendor-faq", "vendor-help"],
  A: ["advisory"],
  P: ["specification", "code", "field-report"],
  S: ["secondary"],
  M: ["memory"],
  N: [],
};

/** A grade says what sort of document speaks: one of that sort is among the sources. */
function checkGrades(profile: Profile, complaints: Complaints): void {
  for (const [path, { status, grade, sources: ids, value }] of factsOf(profile)) {
    const kinds = kindsOf[grade];
    const named = profile.sources.filter(({ id }) => ids.includes(id));
    const found = named.map(({ kind }) => kind).join(", ") || "no sources";
    if (grade === "N" && ids.length > 0)
      complaints.add([...path, "sources"], { found: `${quote(ids[0])} beside grade N`, expected: "no sources: nothing was found" });
    // Said already where every profile is checked, not only those of the library.
    if (named.length < ids.length || (status === "documented" && ids.length === 0)) continue;
    // What is remembered may have no source at all.
    if (kinds.length === 0 || (grade === "M" && named.length === 0) || named.some(({ kind }) => kinds.includes(kind))) continue;
    if (grade === "S" || grade === "M" || value !== null)
      complaints.add([...path, "sources"], { found, expected: `a source of grade ${grade}: ${kinds.join(", ")}` });
  }
}

function checkTraceable(profile: Profile, complaints: Complaints): void {
  const used = new Set([
    ...factsOf(profile).flatMap(([, { sources }]) => sources),
    ...[...profile.forbidden, ...profile.advisories].flatMap(({ sources }) => sources),
  ]);
  profile.sources.forEach((source, index) => {
    const path: Path = ["sources", index];
    if (!used.has(source.id))
      complaints.add([...path, "id"], { found: `${quote(source.id)}, which nothing points to`, expected: "a source that some fact needs" });
    if (source.kind === "memory") return;
    if (source.document === null && source.url === null && source.mirror === null)
      complaints.add(path, { found: "no document, url or mirror", expected: "at least one of them, so that a reader can find it" });
    if (source.retrieved === null && source.read !== "not-read")
      complaints.add([...path, "retrieved"], { found: "no day", expected: "the day on which it was read" });
  });
  if (profile.review !== "draft" && !profile.sources.some(({ checkedBy }) => new Set(checkedBy).size >= 2)) {
    const expected = "draft, until two persons have opened an original (checkedBy)";
    complaints.add(["review"], { found: profile.review, expected });
  }
}

function checkPaces({ methods }: Profile, complaints: Complaints): void {
  for (const [id, { intervalMin, support, decision }] of Object.entries(methods) as [MethodId, ProfileMethod][]) {
    const floor = intervalFloor(id, false);
    if (intervalMin !== undefined && (intervalMin < floor || intervalMin > limits.intervalMax)) {
      const expected = `${formatDuration(floor)} to ${formatDuration(limits.intervalMax)}: a profile can only lengthen the floor`;
      complaints.add(["methods", id, "intervalMin"], { found: formatDuration(intervalMin), expected });
    }
    if (decision === "allow" && support.value === "unknown")
      complaints.add(["methods", id, "support", "value"], { found: "unknown", expected: "null where nothing is documented" });
  }
}

const claims =
  /\b(?:approved|certified|recommended|permitted) by (?:the )?(?:vendor|maker|manufacturer)|\b(?:vendor|maker|manufacturer)-(?:approved|certified)\b/iu;

function checkWords(value: unknown, path: Path, complaints: Complaints): void {
  if (typeof value === "string") {
    const claim = claims.exec(value)?.[0];
    if (claim !== undefined)
      complaints.add(path, { found: quote(claim), expected: "what the document says, with its page: nothing here is a vendor's consent" });
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) checkWords(member, [...path, Array.isArray(value) ? Number(key) : key], complaints);
  }
}
