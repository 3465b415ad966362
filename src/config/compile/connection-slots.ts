/** Whether a device has a connection to spare: pool less those of others less the reserve must leave one (H11, H14, H15). */
import { countedAfterLossUnknown, countedForGood, labLimits, limits } from "../../domain/limits.ts";
import type { LineConnections } from "../../domain/plan.ts";
import { milliseconds } from "../../domain/units.ts";
import type { Path } from "../problem.ts";
import type { ConnectionPool, OtherClient } from "../schema/statements.ts";
import type { Watchlist } from "../schema/watchlist.ts";
import { directions } from "./direction.ts";
import type { Family } from "./family.ts";
import type { Place } from "./place.ts";

/** A device of a line, with its family; a line has one pool. */
export interface Member {
  readonly place: Place;
  readonly family: Family;
}

export interface SlotCount {
  readonly pool: number;
  readonly others: number;
  readonly reserve: number;
  readonly free: number;
}

/** What the poller counts at run time. In lab mode, where devices are asked every second, a reset is forgotten within one. */
export function lineConnections(watchlist: Watchlist, line: readonly Member[], lab: boolean): LineConnections {
  const { free } = countSlots(watchlist, line);
  const timeouts = line.map(({ family: { connection } }) =>
    connection.closesNone ? countedForGood : (connection.idleTimeout ?? countedAfterLossUnknown),
  );
  return {
    // Lines that need no connection may have clients that nobody has stated.
    free: Math.max(0, free),
    countedAfterReset: (lab ? labLimits : limits).intervalFloor,
    countedAfterLoss: milliseconds(Math.max(...timeouts)),
  };
}

/** Where `otherClients` should stand and does not: of the gateway, or of every device of the line. */
export function unstatedClients(watchlist: Watchlist, line: readonly Member[]): readonly Path[] {
  const stated = line.map(({ place }) => statedOf(watchlist, place));
  const missing = stated.filter(({ otherClients }) => otherClients === undefined);
  return [...new Map(missing.map(({ owner, clientsAt }) => [owner, clientsAt])).values()];
}

/**
 * Worked example: an undocumented device has 4 connections, SCADA holds 1, 2 stay free: 1 is left for us.
 * A piece of hardware with several addresses has one pool, the smallest of its devices', and the clients of all of them.
 */
export function countSlots(watchlist: Watchlist, line: readonly Member[]): SlotCount {
  const stated = line.map(({ place }) => statedOf(watchlist, place));
  const pool = Math.min(...line.map(({ family }, index) => poolOf(family, stated[index]?.connectionPool)));
  const byOwner = new Map(stated.map(({ owner, otherClients }) => [owner, heldBy(otherClients)]));
  const others = [...byOwner.values()].reduce((sum, held) => sum + held, 0);
  const reserve = Math.max(...line.map(({ family }) => family.connection.reserve));
  return { pool, others, reserve, free: pool - others - reserve };
}

/**
 * What an approval binds of a line's pool: every owner's statements once, in an order that does not depend on the watchlist's. A unit that
 * joins a bus adds nothing, for the connections are its gateway's.
 */
export function poolStatements(watchlist: Watchlist, line: readonly Member[]): readonly object[] {
  const byOwner = new Map(line.map(({ place }) => statedOf(watchlist, place)).map((stated) => [stated.owner, stated]));
  return [...byOwner.values()]
    .map(({ owner, otherClients, connectionPool }) => ({
      owner,
      otherClients: otherClients ?? null,
      connectionPool: connectionPool ?? null,
    }))
    .toSorted((a, b) => (a.owner < b.owner ? -1 : 1));
}

/** The owner's statement is the only way above what the profile says, and never above what the site file says. */
function poolOf(family: Family, statement: ConnectionPool | undefined): number {
  if (statement === undefined) return family.connection.poolSize;
  return directions.poolSize.tightest(statement.size, family.site?.value.connection.poolSize ?? statement.size);
}

interface Stated {
  /** Who holds the pool: statements of one owner count once. */
  readonly owner: string;
  readonly clientsAt: Path;
  readonly otherClients: readonly OtherClient[] | undefined;
  readonly connectionPool: ConnectionPool | undefined;
}

/** Behind a gateway it is the gateway's connections that count; a device at the gateway's address may leave them to the gateway's entry. */
function statedOf({ gateways }: Watchlist, { entry, path, gateway }: Place): Stated {
  const { otherClients, connectionPool } = entry.statements;
  if (gateway === undefined || (entry.via === undefined && otherClients !== undefined)) {
    const pool = connectionPool ?? gateway?.connectionPool;
    return { owner: `device ${entry.id}`, clientsAt: [...path, "statements", "otherClients"], otherClients, connectionPool: pool };
  }
  const clientsAt: Path = ["gateways", gateways.indexOf(gateway), "otherClients"];
  return { owner: `gateway ${gateway.id}`, clientsAt, otherClients: gateway.otherClients, connectionPool: gateway.connectionPool };
}

/** Not stated is never none. */
function heldBy(clients: readonly OtherClient[] | undefined): number {
  return clients === undefined ? Number.POSITIVE_INFINITY : clients.reduce((sum, { connections }) => sum + connections, 0);
}
