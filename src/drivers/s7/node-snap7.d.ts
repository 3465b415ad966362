/** What of node-snap7 is used, which has no types of its own. */
declare module "node-snap7" {
  type Done = (error: number | null, data?: unknown) => void;

  export class S7Client {
    readonly RemotePort: number;
    readonly PingTimeout: number;
    readonly RecvTimeout: number;
    readonly S7WLByte: number;
    SetParam(parameter: number, value: number): boolean;
    SetConnectionType(type: number): boolean;
    ConnectTo(address: string, rack: number, slot: number, done: Done): void;
    ReadSZL(id: number, index: number, done: Done): void;
    ReadArea(area: number, db: number, start: number, amount: number, wordLength: number, done: Done): void;
    Disconnect(): boolean;
    ErrorText(error: number): string;
  }

  export class S7Server {
    readonly LocalPort: number;
    readonly srvAreaDB: number;
    readonly srvAreaMK: number;
    SetParam(parameter: number, value: number): boolean;
    StartTo(address: string): boolean;
    Stop(): boolean;
    RegisterArea(area: number, number: number, content: Uint8Array): boolean;
    RegisterArea(area: number, content: Uint8Array): boolean;
    SetArea(area: number, number: number, content: Uint8Array): boolean;
    SetCpuStatus(status: number): boolean;
    ErrorText(error: number): string;
    LastError(): number;
  }

  const snap7: { readonly S7Client: typeof S7Client; readonly S7Server: typeof S7Server };
  export default snap7;
}
