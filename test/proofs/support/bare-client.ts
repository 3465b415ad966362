/**
 * The barest Modbus TCP client there can be, on node:net alone: one connection, one request. What it puts on the wire is the least that
 * Node and the kernel can do, and so the measure for the product.
 *
 * Argument: JSON of BareClientSettings. Prints the events connected, connect-timeout, refused, reply {hex}, reply-timeout, closed.
 * Start it with startBareClient of bare.ts.
 */
import { connect } from "node:net";

export interface BareClientSettings {
  readonly address: string;
  readonly port: number;
  readonly requestHex: string;
  readonly connectTimeoutMs: number;
  readonly replyTimeoutMs: number;
  /** Waits, connected, for a line on stdin before it asks. */
  readonly waitToAsk: boolean;
  /** What it does when no reply comes: "reset" silences the kernel; "destroy" is the mistake, which leaves the kernel sending copies. */
  readonly onSilence: "reset" | "destroy";
  /** A packet for each byte. */
  readonly byteByByte: boolean;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as BareClientSettings;
const say = (event: string, more: object = {}): void => console.log(JSON.stringify({ event, ...more }));
const socket = connect({ host: settings.address, port: settings.port, noDelay: true });
let received = Buffer.alloc(0);

// On a connecting socket only destroy() stops the SYNs; on a connected one only a reset stops the copies.
const connectTimer = setTimeout(() => {
  say("connect-timeout");
  socket.destroy();
}, settings.connectTimeoutMs);

socket.once("connect", () => {
  clearTimeout(connectTimer);
  say("connected");
  if (settings.waitToAsk) process.stdin.once("data", ask);
  else ask();
});
socket.once("error", (error) => say("refused", { message: error.message }));
socket.once("close", () => {
  clearTimeout(connectTimer);
  process.stdin.destroy();
  say("closed");
});

function ask(): void {
  const replyTimer = setTimeout(() => {
    say("reply-timeout");
    if (settings.onSilence === "reset") socket.resetAndDestroy();
    else socket.destroy();
  }, settings.replyTimeoutMs);
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    // MBAP header: bytes 4 and 5 count what follows them (Modbus Messaging on TCP/IP V1.0b, 3.1.3).
    if (received.length < 6 || received.length < 6 + received.readUInt16BE(4)) return;
    clearTimeout(replyTimer);
    say("reply", { hex: received.toString("hex") });
    socket.end();
  });
  send(Buffer.from(settings.requestHex, "hex"));
}

function send(request: Buffer): void {
  if (!settings.byteByByte || request.length <= 1) return void socket.write(request);
  // Once it is handed to the kernel, the next one leaves by itself.
  socket.write(request.subarray(0, 1), () => setTimeout(send, 1, request.subarray(1)));
}
