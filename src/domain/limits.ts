/** Every limit of the product in one place. Nothing configures them away; test/domain/limits.test.ts asserts how they relate. */
import { milliseconds, seconds, type Milliseconds } from "./units.ts";
import type { WindowKind } from "./windows.ts";

/** Sources: the safety defaults derived from documented incidents (SAFETY.md lists them). No vendor text states a safe rate; these are ours. */
export interface Limits {
  readonly intervalDefault: Milliseconds;
  readonly intervalFloor: Milliseconds;
  readonly intervalFloorIcmp: Milliseconds;
  readonly intervalFloorOpcuaGetEndpoints: Milliseconds;
  readonly intervalMax: Milliseconds;
  readonly segmentStartsPerSecondDefault: number;
  readonly siteStartsPerSecondDefault: number;
}

export const limits: Limits = Object.freeze({
  intervalDefault: seconds(60),
  intervalFloor: seconds(30),
  intervalFloorIcmp: seconds(60),
  intervalFloorOpcuaGetEndpoints: seconds(300),
  intervalMax: seconds(3600),
  /** Above this a raise needs a name and a reason in the watchlist. */
  segmentStartsPerSecondDefault: 2,
  siteStartsPerSecondDefault: 10,
});

/** Tests, demo and simulators only: loopback and documentation addresses. */
export const labLimits: Limits = Object.freeze({
  ...limits,
  intervalFloor: seconds(1),
  intervalFloorIcmp: seconds(1),
  intervalFloorOpcuaGetEndpoints: seconds(1),
});

/** One start in 100 s. A smaller budget carries nothing, and its intervals would be beyond all numbers. */
export const startsPerSecondLeast = 0.01;
/** Upper ends of what an owner may raise at all. */
export const segmentStartsPerSecondMost = 200;
export const siteStartsPerSecondMost = 1000;
/** Demand above this share of a budget is refused at compile: a queue that is nearly full starves somebody. */
export const budgetShareMax = 0.7;

export const answerWithinDefault: Milliseconds = seconds(5);
export const answerWithinMax: Milliseconds = seconds(30);
/** One SYN: Linux repeats it after 1 s (measured, tcp_syn_linear_timeouts). */
export const connectWithinDefault: Milliseconds = milliseconds(800);
export const connectWithinMax: Milliseconds = seconds(3);
/** Processes of ping, each of about 2 MB: as many as the site's own pace can leave waiting for dead hosts, and some room. */
export const echoesAtOnceMax = 64;
export const retries = 0;
export const missesToDownDefault = 3;

/** Back-off of a device that is down: its interval doubles up to this. */
export const backoffMax: Milliseconds = seconds(900);
/** Refused or reset until the next answer is one episode; so many within a day trip the device. */
export const refusalEpisodesToTrip = 5;
export const refusalEpisodeWindow: Milliseconds = seconds(86_400);

/** Loss of at least this many devices and this share of a segment or family together is a hold. */
export const massLossDevicesMin = 3;
export const massLossShareMin = 0.2;
export const massLossTrialEvery: Milliseconds = seconds(900);

/** After a request that a device acknowledged and never answered: vanished for so long, alone, beside living neighbours, is harm. A reboot or a download is over by then. */
export const harmAfter: Milliseconds = seconds(900);
/** So many harmed devices of one family within the window stop the family. */
export const harmsToStopFamily = 2;
export const harmWindow: Milliseconds = seconds(86_400);

/** A device's ordinary response time is the median of so many answers. */
export const baselineAnswers = 20;
/** Slower: above this many times the baseline and so much longer than it, in so many checks in a row. */
export const slowerTimes = 3;
export const slowerBy: Milliseconds = milliseconds(200);
export const slowerChecksToTrip = 10;

/** An up or degraded device without evidence for the larger of these is unknown. */
export const evidenceIntervals = 3;
export const evidenceMin: Milliseconds = seconds(300);

/** FIN is waited for so long, then RST. */
export const finishWithin: Milliseconds = seconds(2);
/** So long a poller that shuts down waits for answers; what waits longer, such as a keep-alive, is cut off. */
export const drainWithin: Milliseconds = seconds(10);
/** The line is let go at the latest so long after the deadline, whatever a library's promise does. */
export const releaseWithin: Milliseconds = seconds(2);
/** How long before the deadline of an exchange a wire is told that it is near. */
export const nearEndLead: Milliseconds = milliseconds(100);
/** The stop file, the clocks and the loop are looked at so often. */
export const pulseEvery: Milliseconds = milliseconds(200);
/** A pulse later than this means that the process stood still. */
export const stallAfter: Milliseconds = milliseconds(500);
/** So long at a time a reload works towards its plan, before everything else has its turn. */
export const sliceAtMost: Milliseconds = milliseconds(5);
/** Wall and monotonic time may drift apart by so much between two pulses. */
export const clockJumpMin: Milliseconds = seconds(1);
/** A clock that is ahead of the highest trusted time is trusted after so long on one line. */
export const clockTrustedAfter: Milliseconds = seconds(60);
/** The highest trusted time is written down so often. */
export const clockNotedEvery: Milliseconds = seconds(60);
/** A time server slews by at most so much (500 ppm, ntp_adjtime). */
export const clockSlewMax = 0.0005;
/** A decision to send goes by routes and interfaces that were looked at so long ago at most. */
export const waySeenWithin: Milliseconds = milliseconds(50);
export const stopWithin: Milliseconds = seconds(1);
/** Of that, what a device is given to answer the FIN before the RST: with the pulse that reads STOP before it and some room for a busy machine. */
export const stopFinishWithin: Milliseconds = milliseconds(500);

/** Added to the interval so that an asking that came some milliseconds late need not slip into the next slot: 60 s become 60.1 s. */
export const slotSlackMax: Milliseconds = milliseconds(100);
export const slotSlackShare = 0.02;
/** So long at most a start waits for others that fall due soon after the one before: together they cost a third less. Within the slack of the shortest interval, a lab's included. */
export const startsGatheredWithin: Milliseconds = milliseconds(10);

/** Connections that a device of undocumented size is taken to accept, and those that are never taken: one is the service laptop's. */
export const poolUnknown = 4;
export const poolReserveMin = 2;
/** The longest idle timeout that a vendor's document gives as a default (MicroLogix 1400, 1766-UM001O): for devices that document none. */
export const countedAfterLossUnknown: Milliseconds = seconds(1800);
/** For devices that close no silent connection: until a person has restarted one and says so. Longer than any runs. */
export const countedForGood: Milliseconds = seconds(10 * 365 * 86_400);

/** Passive evidence stretches an interval by so many times and to so much at most; then the device is asked once. */
export const passiveStretchTimes = 10;
export const passiveStretchMax: Milliseconds = seconds(3600);
/** An authenticated link-down report withholds for so long; an unauthenticated one for a single interval. */
export const linkDownWithholdsMax: Milliseconds = seconds(900);

/** Between two requests of a line with several checks: this share of an even share, and never so long that a wait would outlast half an interval. */
export const lineGapShare = 0.7;
export const lineGapOfIntervalMax = 0.45;
/** The share of a serial bus that our asking of dead units may take. */
export const busShareMax = 0.1;
/** Added to the time for which a gateway may still be sending what we gave up on. */
export const gatewayHoldMargin: Milliseconds = milliseconds(500);

/** Without an audit record polling goes on from a reserve for so long, then it stops. */
export const auditReserve: Milliseconds = seconds(86_400);
/** How long a family is shown byte for byte before a trial is proposed, and each device is watched on trial before approval is. */
export const dryRunSoak: Milliseconds = seconds(86_400);
export const trialSoak: Milliseconds = seconds(3 * 86_400);
/** So long before its expiry an approval warns. */
export const approvalWarning: Milliseconds = seconds(60 * 86_400);
export const approvalMonthsMax = 15;
/** After an ordinary expiry, with an alarm. An accepted risk has none. */
export const approvalGrace: Milliseconds = seconds(90 * 86_400);

/** How long a window of each kind may be from now, or from a planned beginning, and how far ahead one may be planned. Ours: a yard period, and one working day for a deep query. */
export const windowLongest: Readonly<Record<WindowKind, Milliseconds>> = Object.freeze({
  pause: seconds(30 * 86_400),
  mute: seconds(30 * 86_400),
  "deep-query": seconds(86_400),
});
export const windowAheadMax: Milliseconds = seconds(90 * 86_400);
/** Open and planned together; more is a script gone wild. */
export const windowsMax = 200;
/** Pauses that are over and still kept, by which a capture is judged. */
export const pastPausesMax = 200;
/** Devices and places of all of them together: two pauses of a whole plant of 10,000. */
export const pastPauseNamesMax = 40_000;
/** So long before a pause begins its kept connections are given back. */
export const pauseLead: Milliseconds = seconds(5);
/** What is still out so shortly before a pause is cut off, so that its RST leaves before the pause begins. */
export const pauseCutsBefore: Milliseconds = seconds(1);

/** Of one deep query. */
export const deepQueryDevicesMax = 16;
/** Between any two questions of deep queries, wherever they go: beside the budgets that hold for everything. */
export const deepQueryGap: Milliseconds = seconds(5);
export const deepQueryGapLab: Milliseconds = milliseconds(500);
/** After the first device of a family has answered everything, the others of it wait for so long. */
export const deepQueryFirstWait: Milliseconds = seconds(300);
export const deepQueryFirstWaitLab: Milliseconds = seconds(2);
/** A question that the gate still refuses after so long is left out. */
export const deepQueryPatience: Milliseconds = seconds(1800);
/** So shortly before the window ends nothing is out any more, so that the RST of what was cut leaves before the end. */
export const deepQueryCutsBefore: Milliseconds = seconds(1);
/** A divided answer is followed for so many parts. */
export const deepQueryPartsMax = 8;
/** A table that a device may have of any length is followed for so many entries, each a question of its own. */
export const deepQueryTableEntriesMax = 64;
/** A run whose person has not looked for so long has ended: a terminal that was closed, a network that broke. */
export const deepQueryWatchedWithin: Milliseconds = seconds(5);
/** Slots of a backplane and interfaces of a switch that a file may name. */
export const deepQuerySlotsMax = 32;
export const deepQueryInterfacesMax = 64;

/** Of the process in which node-snap7 runs: calls that may run at once (each takes a thread for as long as its device takes to answer), and connections that may be open (select() in it fails beyond 1024 file descriptors; each takes three). */
export const s7CallsMax = 60;
export const s7ConversationsMax = 200;
/** With a call or a reply in hand it has its next frame ready within milliseconds; one that has said nothing for so long hangs, and is ended. Less than `answerWithinDefault`, so that no device is blamed for it. */
export const s7ChildAnswersWithin: Milliseconds = seconds(2);
/** It is to be ready so soon after its start; otherwise the next, weaker arrangement is tried. */
export const s7ChildReadyWithin: Milliseconds = seconds(10);
/** It is started again so long after its end, twice as long each time, up to the most; one that has lived for the most begins anew. */
export const s7ChildRestartAfter: Milliseconds = seconds(1);
export const s7ChildRestartMost: Milliseconds = seconds(600);
