/** A driver that speaks just enough FC43 to be asked, and misbehaves on demand at each step of a conversation. */
import type { Driver, Session } from "../../src/domain/driver.ts";
import { ExchangeEnded, MalformedReply } from "../../src/domain/driver.ts";
import type { Operation } from "../../src/domain/operations.ts";
import type { Answer } from "../../src/domain/outcome.ts";
import type { FramePolicy, Wire } from "../../src/domain/wire.ts";
import { fc43Frame } from "./literal-plan.ts";

export const driverFaults = [
  "none",
  "open-throws",
  "open-never-settles",
  "open-refused",
  "ask-unavailable",
  "ask-throws-before-sending",
  "ask-throws-text",
  "ask-throws-after-answer",
  "ask-never-settles",
  "answers-without-asking",
  "answers-too-early",
  "leave-throws",
  "leave-never-settles",
  "writes-coil",
  "asks-twice",
] as const;
export type DriverFault = (typeof driverFaults)[number];

const never = new Promise<never>(() => undefined);
const alive: Answer = { said: "alive", identity: { vendor: "Maker", product: "P1" } };

export interface ScriptedDriverOptions {
  readonly fault?: () => DriverFault;
  readonly answer?: () => Answer;
  /** A goodbye is one more frame. */
  readonly farewell?: boolean;
}

export function scriptedDriver({ fault = () => "none", answer = () => alive, farewell = false }: ScriptedDriverOptions = {}): Driver {
  return {
    protocol: "modbus",
    prepare: () => Promise.resolve(),
    async open(wire: Wire, ask: unknown): Promise<Session> {
      let { unitId } = ask as { readonly unitId: number };
      const today = fault();
      if (today === "open-throws") throw new Error("library: cannot open");
      if (today === "open-never-settles") return never;
      if (today === "open-refused") throw new ExchangeEnded("refused", "no connection to spare");
      let transaction = 0;
      let replied: (() => void) | undefined;
      wire.onFrame(() => replied?.());
      /** What a deep query reads, in place of the heartbeat. */
      let pdu: readonly number[] | undefined;
      const send = (): void => {
        const frame = fc43Frame(unitId, ++transaction);
        wire.send(pdu ? Uint8Array.of(...frame.subarray(0, 5), pdu.length + 1, unitId, ...pdu) : frame);
      };
      return {
        async ask(asked: unknown, from = 0): Promise<Answer> {
          const { read, ...rest } = asked as { readonly unitId: number; readonly read?: string };
          ({ unitId } = rest);
          pdu = read === undefined ? undefined : read === "modbus-server-id" ? [17] : [0x2b, 0x0e, 2, from];
          const now = fault();
          if (now === "ask-throws-before-sending") throw new Error("library: bad argument");
          if (now === "ask-unavailable") throw new ExchangeEnded("driver_unavailable", "its process has ended");
          // As a library written in another age does.
          if (now === "ask-throws-text") return Promise.reject("library: no error object" as unknown as Error);
          if (now === "answers-without-asking") return alive;
          if (now === "writes-coil") wire.send(Uint8Array.of(0, 1, 0, 0, 0, 6, unitId, 5, 0, 0, 0xff, 0));
          const reply = new Promise<void>((resolve) => (replied = resolve));
          send();
          if (now === "asks-twice") send();
          if (now === "answers-too-early") return alive;
          if (now === "ask-never-settles") return never;
          await reply;
          if (now === "ask-throws-after-answer") throw new MalformedReply("library: cannot read this");
          return answer();
        },
        async leave(): Promise<void> {
          const now = fault();
          if (now === "leave-throws") throw new Error("library: cannot leave");
          if (now === "leave-never-settles") return never;
          pdu = undefined;
          if (farewell) send();
        },
      };
    },
  };
}

const operations = new Map<number, Operation>([
  [0x2b, "modbus-read-device-identification"],
  [17, "modbus-report-server-id"],
]);

/** Reads the frames of the scripted driver; anything but FC 43 and FC 17 has no operation. */
export const scriptedPolicy: FramePolicy = {
  protocol: "modbus",
  inboundBytesMax: 260,
  frameLength: (buffered) => (buffered[7] === 17 ? 8 : buffered.length < 11 ? 0 : buffered[7] === 0x2b ? 11 : buffered.length),
  operation: (frame) => operations.get(frame[7]!),
  unanswered: new Set(),
  answers: () => true,
};
