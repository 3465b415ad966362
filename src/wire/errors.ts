/** What an error of the operating system says about a device: the one place where its codes are read. */
import type { FailureKind } from "../domain/reasons.ts";
import type { Closed } from "../domain/wire.ts";

const failures: ReadonlyMap<string, FailureKind> = new Map<string, FailureKind>([
  ["ECONNREFUSED", "refused"],
  ["ECONNRESET", "reset"],
  ["ECONNABORTED", "reset"],
  ["EPIPE", "reset"],
  ["ETIMEDOUT", "timeout"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
  ["EHOSTDOWN", "unreachable"],
  ["ENONET", "unreachable"],
]);

/** Failures of which the other side, or the way to it, is the cause. */
const theirs: ReadonlySet<FailureKind> = new Set<FailureKind>(["refused", "reset", "timeout", "unreachable"]);

/**
 * How a wire ended that met this error. A code that is not in the table (no file descriptors left, no memory, no free port or no such
 * address of our own, an interface that is down, EACCES and EPERM of a firewall on this machine) says something about this machine and
 * nothing about the device: `driver_unavailable`, which no device is blamed for.
 *
 * Undefined when the error is not the operating system's: a bug, for the caller to throw.
 */
export function closedBy(error: Error): Closed | undefined {
  if (!isSystemError(error)) return undefined;
  const failure = failures.get(error.code) ?? "driver_unavailable";
  return { by: theirs.has(failure) ? "peer" : "us", failure, detail: error.message };
}

interface SystemError extends Error {
  readonly code: string;
}

/** Node's own errors (`ERR_…`) carry a code too, but no system call. */
function isSystemError(error: Error): error is SystemError {
  return "syscall" in error && "code" in error && typeof error.code === "string";
}
