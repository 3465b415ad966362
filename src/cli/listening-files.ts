/** Which socket files of this machine somebody listens at, for a process that may open none of them. */
import { readFileSync } from "node:fs";

/** Flag of a socket that takes connections (__SO_ACCEPTCON), as /proc/net/unix (proc(5)) shows it. */
const listening = "00010000";

export function listensAt(socketFile: string, table: string = socketTable()): boolean {
  return table.split("\n").some((line) => {
    const [, flags, file] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +\S+ (.+)$/u.exec(line) ?? [];
    return flags === listening && file === socketFile;
  });
}

function socketTable(): string {
  try {
    return readFileSync("/proc/net/unix", "utf8");
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return "";
  }
}
