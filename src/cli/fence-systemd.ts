/** `fence print|check --format systemd`: the plan's addresses as a drop-in of the service, and the installed one against the plan. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { isAddress, parseAddress } from "../domain/address.ts";
import { dropInDifferences, dropInFileDefault, dropInText } from "../fence/systemd.ts";
import { WrongUsage, type Context, type ExitCode } from "./command.ts";
import type { Problems } from "./ports.ts";
import { failed } from "./report.ts";
import type { PlannedSite } from "./site.ts";

export function printDropIn(context: Context, { compiled: { plan } }: PlannedSite): ExitCode {
  const text = dropInText({ plan, also: alsoGiven(context.text("also")) });
  context.print(context.flag("json") ? JSON.stringify({ plan: plan.digest, dropIn: text }) : text.trimEnd());
  return 0;
}

/** In the words that `fence check` has for the packet filter; `problems` where the file cannot be read. */
export function dropInState(
  context: Context,
  { compiled: { plan } }: PlannedSite,
): ExitCode | { readonly state: "present" | "absent" | "stale"; readonly problems: readonly string[] } {
  const file = path.resolve(context.cwd, context.text("installed") ?? dropInFileDefault);
  const installed = textOf(file);
  if (typeof installed === "object") return failed(context, installed.problems);
  if (installed === undefined)
    return { state: "absent", problems: [`${file}: no such file; write what \`watchkeeper fence print --format systemd\` prints there`] };
  const problems = dropInDifferences(installed, plan);
  return { state: problems.length === 0 ? "present" : "stale", problems };
}

function textOf(file: string): string | undefined | Problems {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "ENOENT") return undefined;
    return { problems: [`${file}: ${error.message}; it is no secret, let the poller's user read it`] };
  }
}

function alsoGiven(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [written = "", prefix] = part.split("/", 2);
      const address = parseAddress(written);
      const bits = prefix === undefined ? 0 : Number(prefix);
      if (!isAddress(address) || (prefix !== undefined && !/^\d{1,3}$/u.test(prefix)) || bits > (address.family === 4 ? 32 : 128))
        throw new WrongUsage(`--also: found "${part}", expected addresses or subnets, such as 10.9.0.4 or 10.9.0.0/24`);
      return prefix === undefined ? address.text : `${address.text}/${bits}`;
    });
}
