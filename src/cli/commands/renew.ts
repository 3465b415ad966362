/** Lets the same approval run longer, where nothing that it covers has changed. */
import { renew as renewal } from "../../config/approve.ts";
import type { ProfileId } from "../../domain/plan.ts";
import type { Command } from "../command.ts";
import { failed } from "../report.ts";
import { answers, carriedOut, signatureOf, signatureWords, signingOptions } from "../signing.ts";
import { plannedSite } from "../site.ts";

export const renew: Command = {
  name: "renew",
  plans: true,
  words: [{ name: "profile", required: true }],
  options: signingOptions,
  examples: [
    [
      'watchkeeper renew schneider-m221 --prepared-by eto-1 --accepted-by "chief engineer, mail 2027-12-01" --basis vendor --basis-text "EIO0000003089 p. 41" --until 2029-02-21 --change MOC-2027-031',
      "the same devices and bytes for another 15 months",
    ],
  ],
  more: "What has changed since must be looked at and approved, not renewed: see `watchkeeper help approve`.",
  async run(context) {
    const signature = signatureOf(await answers(context, signingOptions));
    const planned = plannedSite(context);
    if ("inFiles" in planned) return failed(context, planned.problems);
    const profile = context.words[0]! as ProfileId;
    const edit = renewal(planned.site, planned.compiled, { profile, ...signature }, planned.wallNow);
    return carriedOut(context, planned.settings, edit, { source: signature.preparedBy, type: "renew", detail: signatureWords(signature) });
  },
};
