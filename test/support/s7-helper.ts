/** A stand-in for the process of node-snap7 that builds the same frames in this one, for tests that look at what the driver makes of replies. */
import type { S7Call, S7Conversation, S7Helper } from "../../src/domain/s7.ts";

const connectRequest = (type: number, place: number): Buffer =>
  Buffer.from(`0300001611e00000000100c0010ac1020100c202${hexOf(type, 2)}${hexOf(place, 2)}`, "hex");
const setupRequest = Buffer.from("0300001902f08032010000000000080000f0000001000101e0", "hex");

/** As the library does: it asks the next thing when it has been answered, and gives its call back when it has been told enough. */
export class StandInHelper implements S7Helper {
  /** Every reply that the library was shown, as hex. */
  readonly shown: string[] = [];
  ended = 0;
  prepared = 0;
  #reference = 0;

  prepare(): Promise<void> {
    this.prepared += 1;
    return Promise.resolve();
  }

  unavailable(): string | undefined {
    return undefined;
  }

  converse(heard: (frame: Uint8Array) => void): S7Conversation {
    let over = false;
    let next: (() => void) | undefined;
    const send = (frame: Buffer): void => heard(new Uint8Array(frame));
    return {
      call: (call) =>
        new Promise((resolve) => {
          const done = (): void => {
            next = undefined;
            resolve(undefined);
          };
          if (call.call === "connect") {
            next = () => {
              next = done;
              send(setupRequest);
            };
            send(connectRequest(call.connectionType, call.rack * 0x20 + call.slot));
          } else {
            next = done;
            send(this.#request(call));
          }
        }),
      reply: (frame) => {
        if (over) return;
        this.shown.push(Buffer.from(frame).toString("hex"));
        next?.();
      },
      end: () => {
        if (!over) this.ended += 1;
        over = true;
      },
    };
  }

  #request(call: Exclude<S7Call, { readonly call: "connect" }>): Buffer {
    const reference = hexOf((this.#reference += 1) & 0xffff, 4);
    if (call.call === "read-list")
      return Buffer.from(
        `0300002102f0803207 0000 ${reference} 0008 0008 0001120411440100 ff090004 ${hexOf(call.list, 4)} ${hexOf(call.index, 4)}`.replaceAll(
          " ",
          "",
        ),
        "hex",
      );
    const where = `${hexOf(call.count, 4)}${hexOf(call.db, 4)}${hexOf(call.area, 2)}${hexOf(call.byte * 8, 6)}`;
    return Buffer.from(`0300001f02f0803201 0000 ${reference} 000e 0000 0401120a1002 ${where}`.replaceAll(" ", ""), "hex");
  }
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
