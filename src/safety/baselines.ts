/** Compares what each reply says of its sender with what a person has accepted, and remembers what was said. */
import {
  accepting,
  acceptedWords,
  currentOf,
  peersOf,
  saysPart,
  sourceOf,
  sourceWords,
  strangerIn,
  unreadableWords,
  viewOf,
  type Acceptance,
  type IdentityChange,
  type IdentitySource,
  type IdentityView,
  type KnownIdentity,
  type Replying,
} from "../domain/baseline.ts";
import { firmwareAtLeast } from "../domain/firmware.ts";
import type { Identity } from "../domain/outcome.ts";
import type { Check, DeviceId, Plan } from "../domain/plan.ts";
import { differenceWords, sameSaid, saidOf, saidWords } from "../domain/said.ts";
import type { WallMs } from "../domain/units.ts";

/** What is to be kept, recorded and told. */
export interface IdentityNews {
  readonly change: IdentityChange;
  readonly identity: IdentityView;
  readonly detail: string;
}

export interface Heard {
  /** Absent where it says what it said before. */
  readonly news?: IdentityNews;
  /** Why nothing more may be asked of the device, in one line; absent where nothing speaks against it. */
  readonly stranger?: string;
}

export class Baselines {
  readonly #known = new Map<DeviceId, Map<string, KnownIdentity>>();
  readonly #views = new WeakMap<KnownIdentity, IdentityView>();
  readonly #plan: () => Plan;

  /** @param plan in force @param earlier of earlier runs */
  constructor(plan: () => Plan, earlier: Iterable<KnownIdentity>) {
    this.#plan = plan;
    for (const known of earlier) this.#keep(known);
  }

  /** What is known of the device at the addresses that it has in the plan; everything where nothing of it is asked. */
  of(device: DeviceId): readonly IdentityView[] {
    return this.#current(device).map((known) => this.#view(known));
  }

  /** A reply came in, of a heartbeat or of a deep query. */
  heard(check: Replying, identity: Identity, at: WallMs): Heard {
    const source = sourceOf(check);
    const before = this.#known.get(source.device)?.get(keyOf(source));
    const now = saidOf(source.source, identity);
    if (Object.keys(now).length === 0) return {};
    const said = before && saysPart(check) ? { ...before.said, ...now } : now;
    const firmwareFrom = isPart(check) ? undefined : this.#firmwareFrom(source.device);
    if (before && sameSaid(before.said, said)) return strange(this.#view(before), firmwareFrom);
    const known: KnownIdentity = { ...source, said, since: at, accepted: before === undefined ? [] : before.accepted };
    this.#keep(known);
    const view = this.#view(known);
    const news = newsOf(view, before);
    const unreadable = unreadableWords(said, firmwareFrom);
    return { news: { ...news, detail: `${news.detail}${unreadable}` }, ...strange(view, firmwareFrom) };
  }

  /** A person accepts what the device says now. `beside`: what was accepted before stays so too. Empty where it has said nothing yet. */
  accept(device: DeviceId, signed: Omit<Acceptance, "said">, beside: boolean): readonly IdentityNews[] {
    return this.#current(device).map((known): IdentityNews => {
      const accepted = accepting(known, signed, beside);
      this.#keep(accepted);
      return { change: "accepted", identity: this.#view(accepted), detail: acceptedWords(accepted, accepted.accepted.at(-1)!) };
    });
  }

  /** The latest of what the device's checks want. */
  #firmwareFrom(device: DeviceId): string | undefined {
    const wanted = this.#checksOf(device).flatMap(({ firmwareFrom }) => firmwareFrom ?? []);
    return wanted.reduce<string | undefined>((a, b) => (a !== undefined && firmwareAtLeast(a, b) ? a : b), undefined);
  }

  /** Of hardware with several addresses it hangs on what was accepted of the others. */
  #view(known: KnownIdentity): IdentityView {
    const hardware = this.#plan().devices.get(known.device)?.hardware;
    if (hardware !== undefined)
      return viewOf(
        known,
        peersOf(known, hardware, (device) => this.#current(device)),
      );
    const seen = this.#views.get(known) ?? viewOf(known, []);
    this.#views.set(known, seen);
    return seen;
  }

  #current(device: DeviceId): readonly KnownIdentity[] {
    return currentOf([...(this.#known.get(device)?.values() ?? [])], this.#checksOf(device));
  }

  #checksOf(device: DeviceId): readonly Check[] {
    const { devices, checks } = this.#plan();
    return (devices.get(device)?.checks ?? []).flatMap((id) => checks.get(id) ?? []);
  }

  #keep(known: KnownIdentity): void {
    const ofDevice = this.#known.get(known.device) ?? new Map<string, KnownIdentity>();
    this.#known.set(known.device, ofDevice.set(keyOf(known), known));
  }
}

/** A module in the rack or an interface, whose firmware no advisory of the device itself speaks of. */
function isPart({ deep }: Replying): boolean {
  return deep?.number !== undefined;
}

function strange(identity: IdentityView, firmwareFrom: string | undefined): Pick<Heard, "stranger"> {
  const stranger = strangerIn(identity, firmwareFrom);
  return stranger === undefined ? {} : { stranger };
}

function keyOf({ place, source }: IdentitySource): string {
  return `${source} ${place}`;
}

function newsOf(identity: IdentityView, before: KnownIdentity | undefined): IdentityNews {
  const who = sourceWords(identity);
  if (before === undefined) return { change: "first_said", identity, detail: `${who}: ${saidWords(identity.said)}` };
  if (identity.state === "changed") return { change: "changed", identity, detail: `${who}: ${differenceWords(identity.differences)}` };
  const change = identity.state === "as_accepted" ? "as_accepted" : "said_otherwise";
  return { change, identity, detail: `${who}: ${saidWords(identity.said)}; before: ${saidWords(before.said)}` };
}
