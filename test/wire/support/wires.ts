/** What the tests of the TCP wire share: a clock that stands still, peers on loopback, and a witness of every byte that left. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, beforeEach } from "node:test";
import { type Closed, isOpen, type OwnedWire } from "../../../src/domain/wire.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";
import { tcpDialler, type Violation } from "../../../src/wire/tcp.ts";
import { modbusCheck, type ModbusCheckOptions } from "../../support/checks.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestPermit, type TestPermitOptions } from "../../support/permits.ts";
import { type Kernel, type Peer, type PeerOptions, startPeer, type Visit, watchKernel } from "./peer.ts";

export const request: string = "0001 0000 0005 01 2b0e0100".replaceAll(" ", "");
export const reply: string = "0001 0000 000a 01 2b0e01010000010000".replaceAll(" ", "");
export const answering: PeerOptions = { onData: (visit) => visit.say(reply) };

/** New for every test of a file that calls `useWires`. */
export let clock: FakeClock;
export let kernel: Kernel;
export let violations: Violation[];
let peers: Peer[];

export function useWires(): void {
  beforeEach(() => {
    clock = new FakeClock();
    kernel = watchKernel();
    violations = [];
    peers = [];
  });

  afterEach(async () => {
    kernel.stopWatching();
    for (const peer of peers) await peer.close();
    assert.equal(clock.waiting, 0, "a timer was forgotten");
  });
}

/** Closed with the test. */
export async function peerThat(options: PeerOptions = {}): Promise<Peer> {
  const peer = await startPeer(options);
  peers.push(peer);
  return peer;
}

export interface Dialled {
  readonly permit: TestPermit & Parameters<OwnedWire["lend"]>[0];
  readonly dialled: Promise<OwnedWire | Closed>;
}

export function dial(options: ModbusCheckOptions, permitOptions: TestPermitOptions = {}): Dialled {
  const permit = TestPermit.for(modbusCheck(options), clock, permitOptions);
  const dialled = tcpDialler({ clock, cutOff: () => undefined, onViolation: (violation) => violations.push(violation) })(
    permit,
    modbusPolicy,
  );
  return { permit, dialled };
}

export interface Grip {
  readonly wire: OwnedWire;
  readonly permit: Dialled["permit"];
  readonly visit: Visit;
}

export async function connected(peer: Peer, options: Omit<ModbusCheckOptions, "port"> = {}): Promise<Grip> {
  const earlier = peer.visits.length;
  const { permit, dialled } = dial({ port: peer.port, ...options });
  const wire = await dialled;
  assert.ok(isOpen(wire), JSON.stringify(wire));
  return { wire, permit, visit: await peer.visit(earlier) };
}

export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

export interface Frames {
  /** As hex, in order. */
  readonly all: readonly string[];
  first(): Promise<string>;
}

export function framesOf(wire: OwnedWire): Frames {
  const all: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string>();
  wire.onFrame((frame) => {
    all.push(Buffer.from(frame).toString("hex"));
    resolve(all[0]!);
  });
  return { all, first: () => promise };
}

/** Resolves when the peer's kernel knows that there is nobody on the other side: it learns it by a RST. */
export async function gone({ socket }: Visit): Promise<void> {
  const error = once(socket, "error");
  socket.write("anybody?");
  const [{ code }] = (await error) as [NodeJS.ErrnoException];
  assert.match(code ?? "", /EPIPE|ECONNRESET/);
}
