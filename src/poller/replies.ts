/** Answers to commands, as the control socket sends them. */

export function done<T>(result: T): Promise<{ readonly ok: true; readonly result: T }> {
  return Promise.resolve({ ok: true, result });
}

export function refused(problem: string): Promise<{ readonly ok: false; readonly problems: readonly string[] }> {
  return Promise.resolve({ ok: false, problems: [problem] });
}
