/** Where a family's site file is, or would be: in the site's profile folder, under the family's id. */
import path from "node:path";
import type { ProfileId } from "../../domain/plan.ts";
import type { LoadedSite } from "../loaded-site.ts";

export interface SiteFile {
  /** As problems name it: relative to the settings file's folder. */
  readonly file: string;
  /** Absolute. */
  readonly location: string;
}

export function siteFileOf({ settings, siteProfiles }: LoadedSite, id: ProfileId): SiteFile {
  const present = siteProfiles.get(id);
  if (present !== undefined) return { file: present.file, location: present.location };
  const location = path.join(settings.value.profileDir, `${id}.yaml`);
  return { file: path.relative(path.dirname(settings.location), location), location };
}
