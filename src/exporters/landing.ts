/** The page at /: how the site is, what needs a person, and where the rest is. Plain HTML, no script, nothing loaded from elsewhere. */
import type { Board, DeviceView, Evidence } from "../domain/board.ts";
import type { IdentityView } from "../domain/baseline.ts";
import type { Clock } from "../domain/clock.ts";
import { formatDuration } from "../domain/duration.ts";
import { massLossTrialEvery } from "../domain/limits.ts";
import { livenesses, type Judgement, type Liveness } from "../domain/liveness.ts";
import { proofs, type Proof } from "../domain/plan.ts";
import { restartWords } from "../domain/restart-words.ts";
import { sharedCauseWords } from "../domain/cause-words.ts";
import { differenceWords } from "../domain/said.ts";
import { causeInWords } from "./cause-words.ts";

/** Devices listed by name; more are only counted. */
const listedMax = 50;
/** Of those that are unknown for one reason. */
const namedMax = 5;

export interface LandingParts {
  readonly board: Board;
  readonly clock: Clock;
  readonly version: string;
  readonly yieldToLoop: () => Promise<void>;
}

export async function landingPage({ board, clock, version, yieldToLoop }: LandingParts): Promise<string> {
  const found = await survey(board, yieldToLoop);
  const { site, lab } = board.plan;
  const title = `Watchkeeper – ${site}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(title)}</title>
<style>${style}</style>
<h1>${html(title)}</h1>
${lab ? banner("lab", "Lab mode: simulators and tests, no plant.") : ""}
${board.stopped ? banner("stop", "Stopped. No device is asked until somebody resumes: <code>watchkeeper resume</code>.") : ""}
${board.reload.successful ? "" : banner("warn", `The files on disk have ${board.reload.problems === 1 ? "1 problem" : `${board.reload.problems} problems`} and were not taken over: <code>watchkeeper check-config</code> names them.`)}
${board.restartFor.length === 0 ? "" : banner("warn", html(`${restartWords(board.restartFor)}.`))}
${trips(board)}
${holds(board)}
${causes(board)}
${identities(found)}
<table class="counts"><tr>${livenesses.map((state) => `<td class="${state}"><b>${found.counts[state]}</b> ${state}`).join("")}</table>
${proves(found)}
${troubles(found)}
${windows(board)}
${unknowns(found)}
<h2>More</h2>
<ul>
<li><a href="/metrics">/metrics</a> for Prometheus (text format or OpenMetrics)
<li><code>/probe?target=DEVICE&amp;module=CHECK</code> one check under the blackbox exporter's names, and <a href="/sd">/sd</a> every check for Prometheus' http_sd
<li><a href="/config">/config</a> the settings in effect
<li><a href="/-/healthy">/-/healthy</a> and <a href="/-/ready">/-/ready</a> for whoever watches the watchkeeper
<li><code>curl -X POST …/-/reload</code> takes over approved files, <code>curl -X POST …/-/stop</code> stops the site at once. Nothing here can start it again.
</ul>
<footer>Watchkeeper ${html(version)}. Stored state at ${html(moment(clock.wall()))}: looking at this page asks no device.</footer>
</html>
`;
}

type Counts = Record<Liveness, number>;

interface Troubled {
  readonly view: DeviceView;
  readonly evidence: Evidence;
}

interface Unknowns {
  readonly count: number;
  /** The first of them. */
  readonly names: readonly string[];
}

interface Survey {
  readonly counts: Counts;
  /** The first of those that somebody should look at. */
  readonly troubled: readonly Troubled[];
  readonly troubledCount: number;
  /** How many devices are known by their answers to be alive so far and no further. */
  readonly proved: ReadonlyMap<Proof, number>;
  /** Devices that are unknown, by why. */
  readonly unknown: ReadonlyMap<string, Unknowns>;
  readonly changed: readonly IdentityView[];
  /** Devices that said who they are, and nobody has accepted it. */
  readonly unaccepted: number;
}

async function survey(board: Board, yieldToLoop: () => Promise<void>): Promise<Survey> {
  const counts: Counts = { up: 0, degraded: 0, down: 0, unknown: 0 };
  const proved = new Map<Proof, number>();
  const troubled: Troubled[] = [];
  const unknown = new Map<string, Unknowns>();
  const changed: IdentityView[] = [];
  let unaccepted = 0;
  let troubledCount = 0;
  let seen = 0;
  for (const view of board.devices()) {
    const { liveness } = view.judgement;
    counts[liveness] += 1;
    const evidence = board.evidenceOf(view.device.id);
    const known = board.identitiesOf(view.device.id);
    changed.push(...known.filter(({ state }) => state === "changed"));
    if (known.some(({ state }) => state === "not_accepted")) unaccepted += 1;
    if (evidence.proves) proved.set(evidence.proves, (proved.get(evidence.proves) ?? 0) + 1);
    if (liveness === "down" || liveness === "degraded" || evidence.neverAnswered.length > 0) {
      troubledCount += 1;
      if (troubled.length < listedMax) troubled.push({ view, evidence });
    }
    // One that never answered stands above, by name.
    if (liveness === "unknown" && evidence.neverAnswered.length === 0) {
      const why = reasonsOf(view.judgement, evidence);
      const { count, names } = unknown.get(why) ?? { count: 0, names: [] };
      unknown.set(why, { count: count + 1, names: count < namedMax ? [...names, view.device.name] : names });
    }
    seen += 1;
    if (seen % 1000 === 0) await yieldToLoop();
  }
  return { counts, troubled, troubledCount, proved, unknown, changed, unaccepted };
}

function trips(board: Board): string {
  const all = board.trips();
  if (all.length === 0) return "";
  const rows = all.slice(0, listedMax).map(({ scope, cause, detail, since }) => {
    return `<tr><td>${html(scope)}<td>${html(cause.replaceAll("_", " "))}<td>${html(detail)}<td>${html(moment(since))}`;
  });
  return `<h2>Tripped: somebody must look and reset</h2>
<table><tr><th>What<th>Why<th><th>Since${rows.join("")}</table>${rest(all.length)}`;
}

function holds(board: Board): string {
  const all = board.holds();
  if (all.length === 0) return "";
  const rows = all.map(({ scope, detail, since }) => `<tr><td>${html(scope)}<td>${html(detail)}<td>${html(moment(since))}`);
  return `<h2>Held: several devices fell silent together</h2>
<p>Not asked but one every ${formatDuration(massLossTrialEvery)}, until one answers. Devices of it that still answered are not known to be alive.
<table><tr><th>What<th>Why<th>Since${rows.join("")}</table>`;
}

/** The alarm of all who are unknown by it. */
function causes(board: Board): string {
  const rows = Array.from(board.causes, (cause) => {
    return `<tr><td>${html(sharedCauseWords(cause))}<td>${html(cause.detail)}<td>${html(moment(cause.since))}`;
  });
  if (rows.length === 0) return "";
  return `<h2>Not heard: somebody should look</h2>
<p>Devices that cannot be heard for this are unknown, not down. They are asked in their slots as ever.
<table><tr><th>What<th>Why<th>Since${rows.join("")}</table>`;
}

/** As the metrics have them: without the names of people. */
function windows(board: Board): string {
  const running = board.deepQuery();
  const query =
    running === null ? "" : `<p>A deep query is under way since ${html(clocked(running.since))}: ${html(running.devices.join(", "))}.`;
  const all = board.windows();
  const rows = all.slice(0, listedMax).map(({ id, kind, scope, open, from, until }) => {
    const since = open ? "open" : `begins ${clocked(from)}`;
    return `<tr><td>${html(id)}<td>${html(kind)}<td>${html(scope)}<td>${html(since)}<td>${html(clocked(until))}`;
  });
  if (rows.length === 0) return query;
  return `<h2>Maintenance windows</h2>${query}
<table><tr><th>Window<th>Kind<th>Of<th><th>Until${rows.join("")}</table>${rest(all.length)}`;
}

function unknowns({ unknown }: Survey): string {
  if (unknown.size === 0) return "";
  const rows = [...unknown]
    .toSorted(([, a], [, b]) => b.count - a.count)
    .slice(0, listedMax)
    .map(([why, { count, names }]) => {
      const more = count > names.length ? `, and ${count - names.length} more` : "";
      return `<tr><td>${count}<td>${html(why)}<td>${html(names.join(", "))}${more}`;
    });
  return `<h2>Unknown, and why</h2>
<table><tr><th>Devices<th>Why<th>Which${rows.join("")}</table>${rest(unknown.size)}`;
}

function identities({ changed, unaccepted }: Survey): string {
  const rows = changed.slice(0, listedMax).map(({ device, source, since, differences }) => {
    // Without the place: an address is for those who may see it.
    return `<tr><td>${html(device)}<td>${html(source)}<td>${html(differenceWords(differences))}<td>${html(moment(since))}`;
  });
  const table = `<h2>Identity changed: somebody must look</h2>
<table><tr><th>Device<th>Said by<th>Before and after<th>Since${rows.join("")}</table>${rest(changed.length)}`;
  const some = unaccepted === 1 ? "1 device" : `${unaccepted} devices`;
  const open = `<p>Not accepted yet who they are: ${some}. A change would be no alarm: <code>watchkeeper baseline list</code>.`;
  return `${changed.length === 0 ? "" : table}${unaccepted === 0 ? "" : open}`;
}

/** An answer of a network card says nothing of the program behind it. */
function proves({ proved }: Survey): string {
  const rows = (Object.keys(proofs) as Proof[]).toReversed().flatMap((proof) => {
    const count = proved.get(proof);
    return count === undefined ? [] : [`<tr><td>${count}<td>${proofs[proof]}`];
  });
  return rows.length === 0 ? "" : `<h2>What their answers prove, at most</h2>\n<table><tr><th>Devices<th>Proved${rows.join("")}</table>`;
}

function troubles({ troubled, troubledCount }: Survey): string {
  if (troubledCount === 0) return "";
  const rows = troubled.map(({ view: { device, judgement, lastHeard }, evidence }) => {
    const { liveness } = judgement;
    const why = reasonsOf(judgement, evidence);
    const heard = lastHeard === undefined ? "never" : moment(lastHeard);
    return `<tr><td>${html(device.name)}<td>${html(device.segment)}<td class="${liveness}">${liveness}<td>${html(why)}<td>${html(heard)}`;
  });
  return `<h2>Down, degraded, never answered</h2>
<table><tr><th>Device<th>Segment<th>State<th>Why<th>Last heard${rows.join("")}</table>${rest(troubledCount)}`;
}

function reasonsOf({ cause, behind }: Judgement, { proves: proof, neverAnswered }: Evidence): string {
  const named = behind === undefined ? causeInWords(cause) : `${causeInWords(cause)}: ${behind}`;
  const why = cause === "answers" && proof ? proofs[proof] : named;
  return neverAnswered.length === 0 || cause === "unproven" ? why : `${why}; never answered yet: ${neverAnswered.join(", ")}`;
}

function rest(all: number): string {
  return all > listedMax ? `<p>and ${all - listedMax} more; <code>watchkeeper status</code> lists them all.` : "";
}

function banner(kind: string, text: string): string {
  return `<p class="banner ${kind}">${text}`;
}

function clocked(at: string): string {
  return moment(Date.parse(at));
}

function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

const style = `
:root{color-scheme:light dark;--up:#1a7f37;--degraded:#9a6700;--down:#c62828;--unknown:#6e7781}
@media(prefers-color-scheme:dark){:root{--up:#3fb950;--degraded:#d29922;--down:#ff7b72;--unknown:#9198a1}}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884;vertical-align:top}
.counts td{border:0;font-size:1.1rem}.counts b{font-size:1.8rem}
.up{color:var(--up)}.degraded{color:var(--degraded)}.down{color:var(--down)}.unknown{color:var(--unknown)}
.banner{border:2px solid;border-radius:.4rem;padding:.6rem 1rem;font-weight:600}.stop{color:var(--down)}.warn,.lab{color:var(--degraded)}
code{background:#8882;border-radius:.2rem;padding:0 .2rem}footer{margin-top:2.5rem;color:var(--unknown);font-size:.9rem}
`;
