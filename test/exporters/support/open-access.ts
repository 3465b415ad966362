/** Access to a web server without TLS and passwords, which a test may change under way. */
import type { WebConfig } from "../../../src/domain/web.ts";
import { openWeb } from "../../../src/domain/web.ts";
import type { WebAccess } from "../../../src/exporters/web-access.ts";

export interface OpenAccess extends WebAccess {
  config: WebConfig;
  /** Puts another configuration in force as the keeper does; the sentences of those that will not have it. */
  change(config: WebConfig): readonly string[];
  /** `password: a client came …`, in order. */
  readonly refusals: readonly string[];
}

export function openAccess(config: WebConfig = openWeb, compare: WebAccess["compare"] = () => Promise.resolve(false)): OpenAccess {
  const followers: { unfit: (config: WebConfig) => string | undefined; act: (config: WebConfig) => void }[] = [];
  const refusals: string[] = [];
  return {
    config,
    hosts: [],
    refusals,
    look: () => {},
    onChange: (unfit, act) => void followers.push({ unfit, act }),
    compare,
    refused: (why, detail) => void refusals.push(`${why}: ${detail}`),
    change(next) {
      const unfit = followers.flatMap((one) => one.unfit(next) ?? []);
      if (unfit.length > 0) return unfit;
      this.config = next;
      for (const { act } of followers) act(next);
      return [];
    },
  };
}
