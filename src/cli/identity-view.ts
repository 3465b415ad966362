/** What a device says of itself, as `baseline` and `status` show it. */
import type { IdentityStatus } from "../domain/baseline-control.ts";
import type { DeviceStatus } from "../domain/control.ts";
import { identityStates, type IdentityView } from "../domain/baseline.ts";
import { differenceWords, saidWords, type Difference } from "../domain/said.ts";
import { printable } from "../domain/printable.ts";
import type { Notice } from "./status-view.ts";
import { columns, counted, moment } from "./text.ts";

/** A fingerprint in a line among others; `baseline show` has all of it. */
export function shortened(text: string): string {
  return text.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/gu, "$1…");
}

/** What is other than was accepted, before and after. */
export function identityNotices(identities: readonly IdentityStatus[]): readonly Notice[] {
  return identities
    .filter(({ state }) => state === "changed")
    .map(({ device, source, place, differences, saidSince }) => {
      const found = differences.map(({ field, before, after }): Difference => ({ field, before, after: after ?? undefined }));
      return {
        text: `IDENTITY CHANGED ${device} since ${moment(saidSince)}, ${source} at ${place}: ${shortened(differenceWords(found))}. To see all of it, and to accept what is right:`,
        command: `watchkeeper baseline show ${printable(device, 100)}`,
      };
    });
}

/** One line, however many they are: nothing is wrong with them, and nobody has looked. */
export function unacceptedWords(devices: readonly Pick<DeviceStatus, "identities">[]): readonly string[] {
  const count = devices.filter(({ identities }) => identities.some(({ state }) => state === "not_accepted")).length;
  if (count === 0) return [];
  return [
    `IDENTITY not accepted yet: ${counted(count, "device")} said who they are, and nobody has accepted it, so a change would be no alarm: see \`watchkeeper baseline list\``,
  ];
}

/** In the view of one device: what it says of itself, and whether that is accepted. */
export function identityRows(identities: readonly IdentityStatus[]): readonly (readonly string[])[] {
  return identities.map(({ state, said, accepted }) => {
    const latest = accepted.at(-1);
    const word = latest === undefined ? identityStates[state] : `${identityStates[state]} (by ${latest.by}, ${moment(latest.at)})`;
    return ["  says it is", printable(`${shortened(saidWords(said))}: ${word}`, 600)];
  });
}

/** Everything of one method and place: said, accepted, since when, by whom, and what is other. */
export function identityLines(view: IdentityView, width: number): readonly string[] {
  const { source, place, state, said, since, accepted, differences } = view;
  const at = (time: number): string => moment(new Date(time).toISOString());
  const rows = [
    ["  state", identityStates[state]],
    ["  says", saidWords(said)],
    ["  since", at(since)],
    ...accepted.map((one) => ["  accepted", `${saidWords(one.said)}; by ${one.by} at ${at(one.at)}: ${one.reason}`]),
    ...(accepted.length === 0 ? [["  accepted", "nothing yet"]] : []),
    ...(differences.length === 0 ? [] : [["  other", differenceWords(differences)]]),
  ];
  return [
    `${source} at ${place}`,
    ...columns(
      rows.map(([name = "", text = ""]) => [name, printable(text, 2000)]),
      width,
    ),
  ];
}
