/** Which certificate ends when, in words: the same in `plan` and `status`, for servers and for the poller itself. */
import { approvalWarning } from "./limits.ts";
import type { Plan } from "./plan.ts";
import type { CertificateEnd } from "./security.ts";
import type { WallMs } from "./units.ts";

/** `device` is absent of the poller's own. */
export interface OwnedCertificate extends CertificateEnd {
  readonly device?: string;
}

/** The poller's own, where it has one, and those of servers whose certificate is pinned and has a check that wants it. */
export function certificatesOf({ devices }: Pick<Plan, "devices">, own: CertificateEnd | undefined): readonly OwnedCertificate[] {
  const pinned = [...devices.values()].flatMap(({ id, serverCertificate }) =>
    serverCertificate === undefined ? [] : [{ device: id, ...serverCertificate }],
  );
  return own === undefined ? pinned : [{ sha256: own.sha256, notAfter: own.notAfter }, ...pinned];
}

/** One line from 60 days before its end on, as an approval has it; undefined before. */
export function certificateWords({ device, notAfter }: OwnedCertificate, now: WallMs): string | undefined {
  if (now < notAfter - approvalWarning) return undefined;
  const last = new Date(notAfter - 1).toISOString().slice(0, 10);
  if (device === undefined) {
    if (now >= notAfter) return ownEnded(notAfter);
    return `the poller's own OPC UA certificate ends on ${last}, in ${daysTo(notAfter, now)} d: renew it (README, OPC UA) and accept the new one at each server`;
  }
  const renewal = `when its server has a new one: watchkeeper opcua trust ${device} --replace …`;
  if (now >= notAfter) return `the pinned certificate of ${device} ENDED on ${last}: it is not asked; ${renewal}`;
  return `the pinned certificate of ${device} ends on ${last}, in ${daysTo(notAfter, now)} d; ${renewal}`;
}

/** Why no secured channel is opened. */
export function ownEnded(notAfter: WallMs): string {
  const last = new Date(notAfter - 1).toISOString().slice(0, 10);
  return `the poller's own OPC UA certificate ENDED on ${last}: no secured server is asked; renew it (README, OPC UA)`;
}

function daysTo(end: WallMs, now: WallMs): number {
  return Math.ceil((end - now) / 86_400_000);
}
