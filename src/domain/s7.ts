/** What S7 needs besides frames: where a CPU stands, bytes that are read, and the process in which node-snap7 builds and reads frames. */
/** As whom a CPU is asked, by the number that its TSAP carries. A programming device (0x01) is not among them: an S7-300 has one connection for the engineer. */
export const s7ConnectionTypes = { basic: 0x03, op: 0x02 } as const;
export type S7ConnectionType = keyof typeof s7ConnectionTypes;

export const s7RackMax = 7;
export const s7SlotMax = 31;

export interface S7Route {
  readonly rack: number;
  readonly slot: number;
  readonly connectionType: S7ConnectionType;
}

/** Data blocks, bit memory, inputs and outputs of the process image, by their codes in a request. */
export const s7Areas = { DB: 0x84, M: 0x83, I: 0x81, Q: 0x82 } as const;
export type S7Area = keyof typeof s7Areas;
export const s7BytesMax = 4;
export const s7DbMax = 65_535;
/** The last byte that may be read. */
export const s7ByteMax = 65_535;

export const s7ValueTypes = ["bit", "uint8", "uint16", "int16", "uint32", "int32", "float32"] as const;
export type S7ValueType = (typeof s7ValueTypes)[number];

/** `count` bytes beginning with `byte`. S7 CPUs put the high byte first. */
export interface S7Bytes {
  readonly area: S7Area;
  /** The number of the data block; 0 for the other areas. */
  readonly db: number;
  readonly byte: number;
  readonly count: number;
  readonly value?: { readonly type: S7ValueType };
  /** Which bit of the byte, 0 the lowest; there with type bit only. */
  readonly bit?: number;
}

/** `DB10 byte 4 to 7`, `M byte 20`. */
export function s7BytesName({ area, db, byte, count }: Pick<S7Bytes, "area" | "db" | "byte" | "count">): string {
  return `${area}${area === "DB" ? db : ""} byte ${byte}${count > 1 ? ` to ${byte + count - 1}` : ""}`;
}

/** The bytes that one value of the type takes. */
export function s7BytesOf(type: S7ValueType): number {
  switch (type) {
    case "bit":
    case "uint8":
      return 1;
    case "uint16":
    case "int16":
      return 2;
    case "uint32":
    case "int32":
    case "float32":
      return 4;
  }
}

/** System status lists that may be read: operating mode, module and component identification each whole (index 0), and the protection level (index 4). */
export const s7Lists = {
  mode: { id: 0x0424, index: 0 },
  module: { id: 0x0011, index: 0 },
  components: { id: 0x001c, index: 0 },
  protection: { id: 0x0232, index: 4 },
} as const;
export type S7List = keyof typeof s7Lists;
/** One component of that identification by itself, where not all fit into one PDU; its index is the component's, from 1 to 11 (location designation). */
export const s7Component = { id: 0x011c, least: 1, most: 11 } as const;

/** What the library is made to do; each makes it send the frames of one phase, and no others. */
export type S7Call =
  | { readonly call: "connect"; readonly rack: number; readonly slot: number; readonly connectionType: number }
  | { readonly call: "read-list"; readonly list: number; readonly index: number }
  | { readonly call: "read-area"; readonly area: number; readonly db: number; readonly byte: number; readonly count: number };

/** A process beside the poller in which a library that may crash builds and reads frames; it reaches no device. */
export interface S7Helper {
  /** Starts it where it has not been started; resolves once it is ready or known not to become so. Never rejects. */
  prepare(): Promise<void>;
  /** Why nothing can be asked through it at this moment, in one line; undefined when something can. */
  unavailable(): string | undefined;
  /** @param heard each frame that the library wants sent @throws ExchangeEnded when it is not available */
  converse(heard: (frame: Uint8Array) => void): S7Conversation;
}

export interface S7Conversation {
  /** Resolves when the library is through, with its complaint where it has one. Rejects with `ExchangeEnded` when the process ends. One at a time. */
  call(call: S7Call): Promise<string | undefined>;
  /** A reply of the device that has been checked, for the library. */
  reply(frame: Uint8Array): void;
  /** The library is told that its connection is gone. May be called again. */
  end(): void;
}

/** How the process is kept apart, as it reported itself. */
export interface S7Isolation {
  readonly running: boolean;
  /** One line for a person. */
  readonly detail: string;
  /** It sees no interface but its own loopback. */
  readonly ownNetwork: boolean;
  /** It runs as another user than the poller, and so without access to the poller's files. */
  readonly ownUser: boolean;
}
