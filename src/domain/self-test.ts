/** What the poller finds when it tries its own safeguards: before the first packet of every run, and when somebody asks. */

export type SelfTestResult = "ok" | "warn" | "fail" | "not-checked";

export interface SelfTestItem {
  readonly name: string;
  readonly result: SelfTestResult;
  /** One line: what was tried, and what came of it. */
  readonly detail: string;
  /** One line; empty where there is nothing to do. */
  readonly toDo: string;
}

export interface SelfTestReport {
  readonly schema: "self-test/v1";
  readonly items: readonly SelfTestItem[];
}

/** The safeguards that did not hold, in one line: nothing may be asked. Undefined where each held. */
export function failedItems({ items }: Pick<SelfTestReport, "items">): string | undefined {
  const failed = items.filter(({ result }) => result === "fail");
  if (failed.length === 0) return undefined;
  return failed.map(({ name, detail, toDo }) => `${name}: ${detail}${toDo === "" ? "" : ` (${toDo})`}`).join("; ");
}

export function passed(name: string, detail: string): SelfTestItem {
  return { name, result: "ok", detail, toDo: "" };
}
export function failedItem(name: string, detail: string, toDo: string): SelfTestItem {
  return { name, result: "fail", detail, toDo };
}
export function warned(name: string, detail: string, toDo: string): SelfTestItem {
  return { name, result: "warn", detail, toDo };
}
export function notChecked(name: string, detail: string, toDo = ""): SelfTestItem {
  return { name, result: "not-checked", detail, toDo };
}
