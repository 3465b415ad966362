/** How commands say that something is wrong: sentences for people, `{"problems": []}` for programs. */
import { printable } from "../domain/printable.ts";
import type { Context, ExitCode } from "./command.ts";

/** Prints every problem and is the exit code for it. */
export function failed(context: Context, problems: readonly string[]): ExitCode {
  if (context.flag("json")) context.print(JSON.stringify({ problems }, undefined, 2));
  else for (const problem of problems) context.warn(printable(problem, 4000));
  return 1;
}
