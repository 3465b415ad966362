/** What the gate would say now: when each check may be asked again, and what connections each device has left for us. Looking changes nothing. */
import type { Board } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import type { Gate } from "../domain/gate.ts";
import type { Check, Line } from "../domain/plan.ts";
import type { Outstanding } from "./asked-now.ts";
import { both, ofChecks, type DeviceFamily } from "./device-families.ts";
import { escaped, sample } from "./exposition.ts";

export interface GateParts {
  readonly clock: Pick<Clock, "monotonic" | "wall">;
  readonly gate: Pick<Gate, "preview">;
  readonly outstanding: Pick<Outstanding, "connectionsFree">;
}

export function gateFamilies({ clock, gate, outstanding }: GateParts): readonly DeviceFamily[] {
  const nextAllowed = (check: Check): number => {
    const verdict = gate.preview(check);
    if (verdict.admitted) return 0;
    if (verdict.retryAt === undefined) return Infinity;
    return (clock.wall() + verdict.retryAt - clock.monotonic()) / 1000;
  };
  return [
    ofChecks(
      "check_next_allowed_timestamp_seconds",
      "gauge",
      "When the gate would let the check go at the earliest; 0 for at once, +Inf where only a person or a file can change it. The gate is asked, the device is not.",
      (name, view) => sample(name, both(view), nextAllowed(view.check)),
    ),
    {
      name: "watchkeeper_device_free_connections",
      type: "gauge",
      help: "Connections that we might open to the device now, by address: its pool, less those of others, the reserve, ours and those that it may still count for ours. Absent where no check opens one.",
      samples: (board) => free(board, (line) => outstanding.connectionsFree(line)),
    },
  ];
}

function* free(board: Board, freeOf: (line: Line) => number): Generator<string> {
  for (const { device } of board.devices()) {
    const lines = device.checks.flatMap((id) => lineOf(board, id));
    // Its checks all go to one address or bus; a device with two ways has as much as the poorer of them.
    yield lines.length === 0
      ? ""
      : sample("watchkeeper_device_free_connections", `device="${escaped(device.id)}"`, Math.min(...lines.map(freeOf)));
  }
}

function lineOf({ plan }: Board, id: Check["id"]): readonly Line[] {
  const check = plan.checks.get(id);
  const line = check && [check.opening, check.asking].some(({ connectionsMax }) => connectionsMax > 0) && plan.lines.get(check.line);
  return line ? [line] : [];
}
