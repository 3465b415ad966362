/** The story of the demo, scene by scene. A scene that cannot be seen ends it: nothing is told that did not happen. */
import type { Fleet } from "../fleet.ts";
import { asked, cast, excludedId, neverAsked, patientId } from "./cast.ts";
import type { Followed } from "./follow.ts";
import { NotSeen, type Patience } from "./patience.ts";
import type { Site } from "./site.ts";
import type { Teller } from "./teller.ts";
import { counterOf } from "./view.ts";
import type { Finished } from "./watchkeeper.ts";

export interface Stage {
  readonly site: Site;
  readonly fleet: Fleet;
  readonly metricsPort: number;
  readonly patience: Patience;
  readonly teller: Teller;
  readonly followed: Followed;
  /** What is waited for, in words that complete "not seen:". */
  expect(what: string): void;
}

const silenceMs = 3_000;
/** Long enough to read that a device is down before it is repaired. */
const downForMs = 1_500;

export async function tellStory(stage: Stage): Promise<void> {
  await beginning(stage);
  await outage(stage);
  await refusal(stage);
  await stopAndResume(stage);
  proof(stage);
}

async function beginning(stage: Stage): Promise<void> {
  stage.teller.scene(
    "The poller runs, and every device is unknown: after a start a full interval passes before the first packet, so that a poller " +
      "that crashes and restarts cannot hammer a device. Here 1 or 2 s, at a plant at least 30 s.",
  );
  await everyoneIsWell(stage, "after the start");
}

async function outage(stage: Stage): Promise<void> {
  const { fleet, followed, patience, teller } = stage;
  const patient = fleet.member(patientId).device;
  teller.scene(`Now ${patientId} hangs: it takes connections and answers nothing. One miss proves little; three in a row make it down.`);
  const before = missesOf(followed);
  let told = 0;
  patient.behave("silent");
  stage.expect(`${patientId} is down after three misses`);
  await patience.until(() => {
    const misses = missesOf(followed) - before;
    const down = followed.device(patientId)?.liveness === "down";
    if (misses > told && !down) teller.say(`${patientId}: miss ${(told = misses)} of 3, no answer in time`);
    return down || undefined;
  });
  teller.say(`${patientId} is asked more and more rarely now: after 2 s, 4 s, 8 s, up to 15 min.`);
  await patience.pause(downForMs);
  teller.scene(`Now ${patientId} is repaired. One answer is enough: it is up again when it is next asked.`);
  patient.behave("healthy");
  stage.expect(`${patientId} is up again`);
  await patience.until(() => followed.device(patientId)?.liveness === "up" || undefined);
}

async function refusal(stage: Stage): Promise<void> {
  const { fleet, site, teller } = stage;
  teller.scene(`An operator asks ${excludedId} by hand: watchkeeper check ${excludedId}. It was approved once; then its maker forbade it.`);
  stage.expect(`${excludedId} is refused to an operator too`);
  const { out, err } = await site.command("check", excludedId);
  const answer = `${out}${err}`.split("\n").find((line) => line.startsWith(`${excludedId}/`)) ?? "";
  if (!answer.includes("not asked")) throw new NotSeen(`${excludedId} refused; watchkeeper check said: ${out}${err}`);
  // What follows is advice to a person whose device this is.
  teller.say(answer.replace(/\. It can be asked only .*$/u, ""));
  const { connections } = fleet.member(excludedId).device.counts;
  teller.say(`The simulator of ${excludedId} has counted ${counted(connections, "connection")}.`);
}

async function stopAndResume(stage: Stage): Promise<void> {
  const { fleet, followed, metricsPort, patience, site, teller } = stage;
  teller.scene("The operator stops the site: watchkeeper stop. What is not asked is unknown: nothing is believed on old evidence.");
  stage.expect("the site is stopped");
  done("stop", await site.command("stop", "--by", "eto-1", "--reason", "smoke in the switchboard room"));
  await patience.until(
    () => (followed.status?.stopped && asked.every(({ id }) => followed.device(id)?.liveness === "unknown")) || undefined,
  );
  const before = total(fleet, "requests");
  await patience.pause(silenceMs);
  const got = total(fleet, "requests") - before;
  if (got > 0) throw new NotSeen(`silence: ${counted(got, "request")} arrived while the site was stopped`);
  teller.say(`In ${silenceMs / 1000} s of stop the devices got 0 requests.`);
  const sent = await counterOf(metricsPort, "watchkeeper_sent_requests_total");
  if (sent !== before) throw new NotSeen(`one count: /metrics says ${String(sent)} requests were sent, the devices counted ${before}`);
  teller.say(`/metrics says the poller has sent ${sent} requests; the devices have counted ${before}.`);
  teller.scene("The operator resumes, with a name and a reason: watchkeeper resume. HTTP can stop a site, and can never resume one.");
  stage.expect("the site goes on after resume");
  done("resume", await site.command("resume", "--by", "eto-1", "--reason", "it was a toaster"));
  await everyoneIsWell(stage, "after resume");
}

/** The promise, as the devices saw it. */
function proof({ fleet, teller }: Stage): void {
  teller.scene("What the simulated devices counted:");
  for (const { id } of cast) {
    const { connections, requests, writes } = fleet.member(id).device.counts;
    const right = (count: number): string => String(count).padStart(3);
    teller.say(`${id.padEnd(13)}${right(connections)} connections ${right(requests)} requests ${right(writes)} writes`);
  }
  const touched = neverAsked.filter(({ id }) => fleet.member(id).device.counts.connections > 0);
  if (touched.length > 0) throw new NotSeen(`the promise kept: ${touched.map(({ id }) => id).join(", ")} got a connection`);
  const wrong = total(fleet, "writes") + total(fleet, "malformedRequests") + total(fleet, "pipelinedRequests");
  if (wrong > 0) throw new NotSeen(`the promise kept: ${counted(wrong, "request")} wrote, were malformed or came too early`);
  teller.say(`The promise held: ${neverAsked.map(({ id }) => id).join(", ")} got 0 connections, and nobody was written to.`);
}

async function everyoneIsWell({ expect, followed, patience }: Stage, when: string): Promise<void> {
  const missing = (): readonly string[] =>
    asked.flatMap(({ id, behaviour }) => {
      const expected = behaviour === "busy" ? "degraded" : "up";
      const found = followed.device(id)?.liveness ?? "unseen";
      return found === expected ? [] : [`${id} is ${expected} (it is ${found})`];
    });
  await patience.until(() => {
    expect(`${missing().join(", ")} ${when}`);
    return missing().length === 0 || undefined;
  });
}

function missesOf(followed: Followed): number {
  const failed = followed.device(patientId)?.checks[0]?.failed ?? {};
  return Object.values(failed).reduce((sum, count) => sum + count, 0);
}

type Summed = "requests" | "writes" | "malformedRequests" | "pipelinedRequests";

function total(fleet: Fleet, what: Summed): number {
  return fleet.members.reduce((sum, { device }) => sum + device.counts[what], 0);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function done(name: string, { code, out, err }: Finished): void {
  if (code !== 0) throw new NotSeen(`watchkeeper ${name} carried out; it ended with ${String(code)}: ${err}${out}`);
}
