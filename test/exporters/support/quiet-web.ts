/** A web server's parts over the small site, of which nobody wants anything: for tests of where it listens. */
import type { WebOptions } from "../../../src/exporters/http.ts";
import { openAccess } from "./open-access.ts";
import { smallSite } from "./small-site.ts";

export async function quietWeb(): Promise<Omit<WebOptions, "listen" | "activation" | "bug">> {
  const { board, page, clock } = await smallSite();
  return {
    access: openAccess(),
    answered: () => Promise.resolve(false),
    board,
    clock,
    page,
    version: "",
    yieldToLoop: () => Promise.resolve(),
    actions: {
      notReady: () => undefined,
      reload: () => Promise.resolve([]),
      restartFor: () => [],
      stop: () => undefined,
      settings: () => ({}),
    },
  };
}
