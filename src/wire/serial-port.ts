/** A serial port of this machine, opened for this process alone, through the bindings that modbus-serial brings along. */
import { writeSync } from "node:fs";
import type { OpenSerial } from "./serial.ts";

/** More than the longest RTU frame. */
const readBytesMax = 512;

/** `lock`: refused while another program that locks has it, and refused to such from then on. `hupcl` off: closing drops no control line. */
export const openSerial: OpenSerial = async (device, { baudRate, parity, stopBits }) => {
  const { autoDetect } = await import("@serialport/bindings-cpp");
  const options = { path: device, baudRate, parity, stopBits, dataBits: 8, lock: true, hupcl: false } as const;
  const port = await autoDetect().open(options);
  return {
    // The package's own write waits for a thread: what it was given would leave later, after a stop perhaps.
    write: (frame) => {
      if (!("fd" in port) || typeof port.fd !== "number") throw new TypeError("serial port: closed, or not one of Linux");
      return writeSync(port.fd, frame);
    },
    async read() {
      const { buffer, bytesRead } = await port.read(Buffer.alloc(readBytesMax), 0, readBytesMax);
      return new Uint8Array(buffer.subarray(0, bytesRead));
    },
    close: () => (port.isOpen ? port.close() : Promise.resolve()),
  };
};
