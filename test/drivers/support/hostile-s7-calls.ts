/** Everything on node-snap7's client that changes a CPU, and what reads more than was asked for. */

export interface HostileCall {
  readonly name: string;
  readonly args: readonly unknown[];
  /** What its frame is stopped as; absent: it is on no list of what may leave. */
  readonly stopped?: RegExp;
}

const bytes = Buffer.from([1, 2, 3, 4]);
/** A block's head as a CPU has it: Download refuses anything smaller by itself. */
const block = Buffer.alloc(128);
block.set([0x70, 0x70, 1, 1, 1, 0x0a, 0, 1, 0, 0, 0, 128]);

export const hostileCalls: readonly HostileCall[] = [
  { name: "DBWrite", args: [1, 0, 4, bytes] },
  { name: "MBWrite", args: [0, 4, bytes] },
  { name: "EBWrite", args: [0, 4, bytes] },
  { name: "ABWrite", args: [0, 4, bytes] },
  { name: "TMWrite", args: [0, 2, bytes] },
  { name: "CTWrite", args: [0, 2, bytes] },
  { name: "WriteArea", args: [0x84, 1, 0, 4, 2, bytes] },
  { name: "WriteMultiVars", args: [[{ Area: 0x84, WordLen: 2, DBNumber: 1, Start: 0, Amount: 4, Data: bytes }]] },
  { name: "PlcStop", args: [] },
  { name: "PlcHotStart", args: [] },
  { name: "PlcColdStart", args: [] },
  { name: "CopyRamToRom", args: [1000] },
  { name: "Compress", args: [1000] },
  { name: "SetPlcDateTime", args: [new Date(0)] },
  { name: "SetPlcSystemDateTime", args: [] },
  { name: "SetSessionPassword", args: ["secret"] },
  { name: "ClearSessionPassword", args: [] },
  { name: "Delete", args: [0x41, 1] },
  { name: "Download", args: [1, block] },
  { name: "DBFill", args: [1, 0] },
  { name: "FullUpload", args: [0x41, 1, 1024] },
  { name: "Upload", args: [0x41, 1, 1024] },
  { name: "ListBlocks", args: [] },
  { name: "GetAgBlockInfo", args: [0x41, 1] },
  { name: "GetPlcDateTime", args: [] },
  // A deep query may read it; the operating mode was wanted.
  { name: "GetProtection", args: [], stopped: /^off the template/u },
  { name: "GetCpInfo", args: [] },
  { name: "ReadSZLList", args: [] },
  { name: "DBRead", args: [1, 0, 400] },
  {
    name: "ReadMultiVars",
    args: [
      [
        { Area: 0x84, WordLen: 2, DBNumber: 1, Start: 0, Amount: 4 },
        { Area: 0x84, WordLen: 2, DBNumber: 1, Start: 8, Amount: 4 },
      ],
    ],
  },
];
