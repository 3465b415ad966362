/** The commands of a deep query, as the control socket takes them. */
import type { Instant, Signed, WindowStatus } from "./control.ts";

/** A deep query that is under way. */
export interface DeepQueryStatus {
  readonly id: string;
  readonly devices: readonly string[];
  readonly by: string;
  readonly reason: string;
  readonly since: Instant;
}

/** The one problem that a warning goes with. */
export const notAcknowledged: string =
  "it is the first deep query of this site: read what it means (docs/maintenance-windows.md, or --help), then give --acknowledge-risk";

export interface DeepControlCommands {
  /** Begins one; it goes on as long as it is looked at. Refused with every reason at once, before anything is sent. */
  readonly "deep-query": {
    readonly request: Signed & {
      readonly devices: readonly string[];
      readonly differences: string;
      readonly change?: string;
      /** What a deep query means has been read. */
      readonly acknowledged: boolean;
    };
    readonly result: { readonly id: string; readonly questions: number; readonly windows: readonly WindowStatus[] };
  };
  /** What has happened since `seen` lines; to be asked several times a second, or it ends. */
  readonly "deep-query-look": {
    readonly request: { readonly id: string; readonly seen: number };
    readonly result: {
      readonly running: boolean;
      /** Every question of every device was answered. */
      readonly complete: boolean;
      readonly news: readonly { readonly at: Instant; readonly text: string }[];
      /** The HTML file, absolute, once it is written; the JSON lies beside it. */
      readonly record: string | null;
      readonly problem: string | null;
      readonly cutShort: string | null;
    };
  };
  /** It has ended, and its record is written, when this answers. */
  readonly "deep-query-end": {
    readonly request: { readonly id: string; readonly by: string };
    readonly result: { readonly record: string | null };
  };
}
