/** What the tests of the UDP wire share: a clock that stands still, devices on loopback, and permits that allow no connection. */
import assert from "node:assert/strict";
import { afterEach, beforeEach } from "node:test";
import { type Closed, isOpen, type OwnedWire } from "../../../src/domain/wire.ts";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";
import type { Violation } from "../../../src/wire/tcp.ts";
import { type UdpDialler, udpDialler } from "../../../src/wire/udp.ts";
import { enipCheck, type EnipCheckOptions, healthyReply } from "../../support/enip-checks.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestPermit, type TestPermitOptions } from "../../support/permits.ts";
import { startUdpPeer, type UdpPeer } from "./udp-peer.ts";

/** New for every test of a file that calls `useUdpWires`. */
export let clock: FakeClock;
export let violations: Violation[];
export let door: UdpDialler;
let peers: UdpPeer[];
let away: string | undefined;

/** From now on packets would leave by another interface than the segment's. */
export function cutOff(why: string): void {
  away = why;
}

export function useUdpWires(): void {
  beforeEach(() => {
    clock = new FakeClock();
    violations = [];
    away = undefined;
    door = udpDialler({ cutOff: () => away, onViolation: (violation) => violations.push(violation) });
    peers = [];
  });

  afterEach(async () => {
    door.close();
    for (const peer of peers) await peer.close();
    assert.equal(clock.waiting, 0, "a timer was forgotten");
  });
}

/** List Identity with a sender context of its own. */
export const request = (counter: number): Uint8Array =>
  Uint8Array.from(Buffer.from(`630000000000000000000000f4010000${counter.toString(16).padStart(2, "0")}00000000000000`, "hex"));
export const hexOf = (frame: Uint8Array): string => Buffer.from(frame).toString("hex");
export const answering = (peer: UdpPeer, hex: string): unknown => peer.say(healthyReply(hex)!);

export async function peerThat(onDatagram?: (peer: UdpPeer, hex: string) => unknown, host?: string): Promise<UdpPeer> {
  const peer = await startUdpPeer(onDatagram, host);
  peers.push(peer);
  return peer;
}

export interface Dialled {
  readonly permit: TestPermit & Parameters<OwnedWire["lend"]>[0];
  readonly dialled: Promise<OwnedWire | Closed>;
}

export function dial(options: Partial<EnipCheckOptions> & { readonly port: number }, permitOptions: TestPermitOptions = {}): Dialled {
  // No connection is allowed: a wire that spent one would be found out.
  const check = enipCheck({ method: "enip-list-identity", ...options });
  const permit = TestPermit.for(check, clock, { connectionsMax: 0, ...permitOptions });
  return { permit, dialled: door.dial(permit, enipPolicy) };
}

export interface Grip {
  readonly wire: OwnedWire;
  readonly permit: Dialled["permit"];
  readonly frames: readonly string[];
  answered(): Promise<void>;
}

export async function opened(options: Partial<EnipCheckOptions> & { readonly port: number }): Promise<Grip> {
  const { permit, dialled } = dial(options);
  const wire = await dialled;
  assert.ok(isOpen(wire), JSON.stringify(wire));
  const frames: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  wire.onFrame((frame) => {
    frames.push(hexOf(frame));
    resolve();
  });
  return { wire, permit, frames, answered: () => promise };
}
