/** The shapes of what a deep query may read: what the shipped profile leaves to the site, and what the site has agreed to by name. */
import { z } from "zod";
import { deepReadIds, deepReads, type DeepReadId } from "../../domain/deep-reads.ts";
import { deepQueryInterfacesMax, deepQuerySlotsMax } from "../../domain/limits.ts";
import { opcuaServerNodes } from "../../domain/opcua.ts";
import type { DeviceId } from "../../domain/plan.ts";
import { date, id, oneOf, text, whole, type IsoDate } from "./common.ts";

interface Counts {
  /** Of the backplane, from slot 0. */
  readonly slots?: number;
  /** Of the switch, from interface 1. */
  readonly interfaces?: number;
  /** Of those that say who an OPC UA server is, how many one request asks for, from the first on. */
  readonly nodes?: number;
}

/** In a shipped profile: may be agreed to. A read that is not named there is never asked. */
export interface DeepReadOffer extends Counts {
  readonly read: DeepReadId;
  readonly reason: string;
}

/** In a site file: is agreed to. */
export interface DeepReadAgreement extends Omit<Counts, "slots"> {
  /** Of the backplane, each by its number. A number of slots, as older files have it, is read so that the heartbeat goes on, and lets none be asked. */
  readonly slots?: number | readonly number[];
  /** Racks of which it is stated that none of the slots named holds a module of safety, protection or navigation. */
  readonly noSafetyIn?: readonly DeviceId[];
  readonly read: DeepReadId;
  readonly by: string;
  readonly on: IsoDate;
  readonly reason: string;
}

type Count = z.ZodExactOptional<z.ZodType<number, number>>;
const counts: { slots: Count; interfaces: Count; nodes: Count } = {
  slots: whole(1, deepQuerySlotsMax, "With enip-slots: how many slots the backplane has, counted from 0.").exactOptional(),
  nodes: whole(
    1,
    opcuaServerNodes.length,
    `With opcua-server, where the server takes few nodes in one Read: how many of the ${opcuaServerNodes.length}, the most telling first.`,
  ).exactOptional(),
  interfaces: whole(1, deepQueryInterfacesMax, "With snmp-interfaces: how many interfaces there are, counted from 1.").exactOptional(),
};
const read: z.ZodType<DeepReadId, DeepReadId> = oneOf(deepReadIds, "What is read.");

const offer: z.ZodType<DeepReadOffer> = z.strictObject({ read, reason: text("Why it may be read."), ...counts });

const slotsExpected = `a list of the slots that may be asked, each a whole number from 0 to ${deepQuerySlotsMax - 1} and once, such as [0, 1, 3]`;
/** A list, or the number of an older file. */
const namedSlots: z.ZodType<number | readonly number[], number | number[]> = z
  .union(
    [
      z.array(whole(0, deepQuerySlotsMax - 1, "A slot."), { error: slotsExpected }).min(1, { error: slotsExpected }),
      whole(1, deepQuerySlotsMax, "How many slots there are."),
    ],
    { error: slotsExpected },
  )
  .refine((value) => typeof value === "number" || new Set(value).size === value.length, { error: slotsExpected })
  .meta({
    description:
      "With enip-slots: the slots that may be asked, counted from 0, such as [0, 1, 3]. A single number, which counts them, lets none be asked.",
  });
const noSafetyIn: z.ZodType<readonly DeviceId[], string[]> = z
  .array(id<DeviceId>("A device of the watchlist."), { error: "a list of device ids" })
  .min(1, { error: "a list of device ids" })
  .meta({
    description:
      "With enip-slots: the racks, by device id, of which whoever agrees states that none of the slots named holds a module of safety, protection or navigation (a safety controller, its partner, safety I/O). The others are not asked.",
  });

const agreement: z.ZodType<DeepReadAgreement> = z
  .strictObject({
    read,
    by: text("Who agrees to it."),
    on: date("When."),
    reason: text("Why."),
    ...counts,
    slots: namedSlots.exactOptional(),
    noSafetyIn: noSafetyIn.exactOptional(),
  })
  .check(({ value, issues }) => {
    const key = deepReads[value.read].counts;
    if (key === undefined || value[key] !== undefined) return;
    issues.push({
      code: "custom",
      path: [key],
      input: undefined,
      message: key === "slots" ? slotsExpected : `how many ${key} there are, as ${value.read} asks each by itself`,
    });
  });

export const deepReadOffers: z.ZodType<readonly DeepReadOffer[], unknown> = z
  .array(offer, { error: "a list of {read, reason}" })
  .default([])
  .meta({ description: "What a deep query may read once the site has agreed to it by name; left out: nothing." });

export const deepReadAgreements: z.ZodType<readonly DeepReadAgreement[], unknown> = z
  .array(agreement, { error: "a list of {read, by, on, reason}" })
  .default([])
  .meta({ description: "What a deep query may read, in its window, of what the shipped profile leaves to the site, and who agreed." });
