/** Reads device profiles: the shipped ones, and a site's own files that approve and tighten them. */
import { Complaints } from "./checks/entries.ts";
import { checkProfile, checkSiteProfile } from "./checks/profiles.ts";
import { quote } from "./problem.ts";
import { parseWith, type Parsed } from "./schema-problems.ts";
import { profileSchema, type Profile } from "./schema/profile.ts";
import { siteProfileSchema, type SiteProfile } from "./schema/site-profile.ts";
import type { YamlFile } from "./yaml.ts";

/** @param id what the file's name says */
export function parseProfile(file: YamlFile, id: string): Parsed<Profile> {
  const shape = parseWith(profileSchema, file);
  if (!shape.ok) return shape;
  const complaints = new Complaints(file);
  checkName(shape.value.id, id, complaints);
  checkProfile(shape.value, complaints);
  return complaints.problems.length === 0 ? shape : { ok: false, problems: complaints.problems };
}

/** @param shipped the profile of the same id; undefined where it cannot be read */
export function parseSiteProfile(file: YamlFile, id: string, shipped: Profile | undefined): Parsed<SiteProfile> {
  const shape = parseWith(siteProfileSchema, file);
  if (!shape.ok) return shape;
  const complaints = new Complaints(file);
  checkName(shape.value.id, id, complaints);
  checkSiteProfile(shape.value, shipped, complaints);
  return complaints.problems.length === 0 ? shape : { ok: false, problems: complaints.problems };
}

function checkName(found: string, id: string, complaints: Complaints): void {
  if (found !== id) complaints.add(["id"], { found: quote(found), expected: `${id}, as the file is called` });
}
