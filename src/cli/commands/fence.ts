/** The kernel's fence around the plan: prints it for nft, compares it with what is installed, and lists static neighbours. */
import path from "node:path";
import { destinationsOf } from "../../fence/destinations.ts";
import { differences, listed, NoListing, scopeOf } from "../../fence/installed.ts";
import { neighbourLines } from "../../fence/neighbours.ts";
import { rulesetOf, rulesetText, userLengthMax, type FencedSegment, type FenceScope } from "../../fence/ruleset.ts";
import type { FenceRecord } from "../../domain/fence-state.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import { recordFence } from "../fence-record.ts";
import { dropInState, printDropIn } from "../fence-systemd.ts";
import type { Problems } from "../ports.ts";
import { failed } from "../report.ts";
import { plannedSite, type PlannedSite } from "../site.ts";

const parts = ["print", "check", "neighbours"] as const;
const formats = ["nft", "systemd"] as const;
const userDefault = "watchkeeper";

export const fence: Command = {
  name: "fence",
  plans: true,
  words: [{ name: "print|check|neighbours", required: true }],
  options: {
    format: {
      type: "text",
      value: "nft|systemd",
      summary: "the kernel's packet filter (default), or a drop-in with the service's addresses; for print and check",
    },
    also: { type: "text", value: "<address,...>", summary: "addresses or subnets of whoever reads metrics; for print --format systemd" },
    user: { type: "text", value: "<name>", summary: `whose packets are held to the plan (default ${userDefault}); for print` },
    host: { type: "flag", summary: "hold everything that leaves by the segments' interfaces, whoever sends it; for print" },
    interfaces: { type: "text", value: "<segment=name,...>", summary: "the segments' interfaces, where this is not the poller's machine" },
    installed: {
      type: "text",
      value: "<file>",
      summary: "what `nft -j list table inet watchkeeper` printed for root, where this is not root, or the drop-in; for check",
    },
    record: { type: "flag", summary: "leave the result in the state folder for the poller's metrics; for check of nft's table" },
  },
  examples: [
    ["watchkeeper fence print --user watchkeeper", "the ruleset for the poller's user; nft -f loads it in one step"],
    ["watchkeeper fence print --host --interfaces hvac=eth1", "for a machine whose interface eth1 is the poller's alone"],
    ["watchkeeper fence print --format systemd", "for /etc/systemd/system/watchkeeper.service.d/plan.conf"],
    ["watchkeeper fence check --format systemd", "whether that drop-in is what the plan wants"],
    ["watchkeeper fence check", "as root: present, absent or stale"],
    [
      "watchkeeper fence check --record",
      "the same from a timer: the poller's metrics and the alert WatchkeeperFenceStale go by it for a day",
    ],
    ["watchkeeper fence check --installed /run/watchkeeper-fence.json", "the same as the poller's user, from root's listing"],
    ["watchkeeper fence neighbours", "commands that spare the segment the broadcasts of ARP"],
  ],
  more:
    "print: an nftables table that lets out to each device of the plan what the plan sends there, no more often and no more copies than " +
    "it needs, and drops the rest that leaves for the segments. It has to be loaded again after every change of the plan: " +
    "a device that is new in the plan gets nothing before. " +
    "check: exit code 0 when the installed table is the one that print would give, 1 when it is absent or stale. Listing it needs root; " +
    "where the site has credentials, which only the poller's user may read, root lists and that user compares.",
  async run(context) {
    const part = parts.find((one) => one === context.words[0]);
    if (part === undefined) throw new WrongUsage(`found "${context.words[0] ?? ""}", expected one of ${parts.join(", ")}`);
    if (part !== "print" && (context.flag("host") || context.text("user") !== undefined))
      throw new WrongUsage(
        `${part} takes neither --user nor --host: ${part === "check" ? "the installed table says whose packets it holds" : "neighbours are the machine's"}`,
      );
    const systemd = formatAsked(context) === "systemd";
    if (systemd && part === "neighbours") throw new WrongUsage("neighbours takes no --format: found systemd");
    if (context.text("also") !== undefined && !(systemd && part === "print"))
      throw new WrongUsage("--also: found without `print --format systemd`, expected with it: nft's table is for the segments alone");
    if (context.flag("record") && (part !== "check" || systemd))
      throw new WrongUsage("--record: found without `check` of nft's table, expected with it");
    const scope = scopeAsked(context);
    const planned = plannedSite(context);
    if (planned.problems.length > 0 || "inFiles" in planned) return failed(context, planned.problems);
    if (systemd && part === "print") return printDropIn(context, planned);
    if (systemd) {
      const found = dropInState(context, planned);
      return typeof found === "number" ? found : told(context, found.state, found.problems);
    }
    const segments = segmentsOf(context, planned);
    if ("problems" in segments) return failed(context, segments.problems);
    if (part === "check") return checked(context, planned, segments);
    if (part === "neighbours") {
      const { devices } = planned.site.watchlist.value;
      const lines = neighbourLines(destinationsOf(planned.compiled.plan), segments, devices);
      context.print(context.flag("json") ? JSON.stringify({ neighbours: lines }, undefined, 2) : lines.join("\n"));
      return 0;
    }
    const ruleset = rulesetOf({ plan: planned.compiled.plan, segments, scope });
    const text = rulesetText(ruleset);
    if (context.flag("json")) context.print(JSON.stringify({ digest: ruleset.digest, plan: planned.compiled.plan.digest, ruleset: text }));
    else context.print(text.trimEnd());
    return 0;
  },
};

async function checked(context: Context, planned: PlannedSite, segments: readonly FencedSegment[]): Promise<ExitCode> {
  const { compiled } = planned;
  const file = context.text("installed");
  const installed = await context.fence.installed(file === undefined ? undefined : path.resolve(context.cwd, file));
  if (installed === undefined)
    return found(context, planned, "absent", ["no table inet watchkeeper is loaded; load what `watchkeeper fence print` prints"]);
  if (typeof installed !== "string") return failed(context, installed.problems);
  try {
    const table = listed(installed);
    const scope = scopeOf(table);
    if (scope === undefined)
      return found(context, planned, "stale", ["the table inet watchkeeper has no label of a fence: it is not one that was printed"]);
    const problems = differences(table, rulesetOf({ plan: compiled.plan, segments, scope }));
    return found(context, planned, problems.length === 0 ? "present" : "stale", problems);
  } catch (error) {
    if (!(error instanceof NoListing)) throw error;
    return failed(context, [`nft: ${error.message}`]);
  }
}

function found(context: Context, { settings, compiled }: PlannedSite, state: FenceRecord["state"], problems: readonly string[]): ExitCode {
  const record = { state, plan: compiled.plan.digest, at: context.clock.wall() };
  const unwritten = context.flag("record") ? recordFence(settings.stateDir, record) : undefined;
  const code = told(context, state, problems);
  return unwritten === undefined ? code : failed(context, [unwritten]);
}

const differencesShown = 10;

function told(context: Context, state: "present" | "absent" | "stale", problems: readonly string[]): ExitCode {
  if (context.flag("json")) context.print(JSON.stringify({ fence: state, problems }, undefined, 2));
  else {
    context.print(`The fence is ${state}.`);
    for (const problem of problems.slice(0, differencesShown)) context.print(`  ${problem}`);
    if (problems.length > differencesShown) context.print(`  and ${problems.length - differencesShown} more; --json has all of them`);
  }
  return state === "present" ? 0 : 1;
}

function formatAsked(context: Context): (typeof formats)[number] {
  const asked = context.text("format") ?? "nft";
  const format = formats.find((one) => one === asked);
  if (format === undefined) throw new WrongUsage(`--format: found "${asked}", expected one of ${formats.join(", ")}`);
  if (format === "systemd" && (context.flag("host") || context.text("user") !== undefined || context.text("interfaces") !== undefined))
    throw new WrongUsage(
      "--format systemd takes none of --user, --host and --interfaces: a drop-in holds its own service, on every interface",
    );
  return format;
}

function scopeAsked(context: Context): FenceScope {
  const user = context.text("user");
  if (context.flag("host")) {
    if (user !== undefined) throw new WrongUsage("found both --user and --host, expected one of them");
    return "host";
  }
  if (user !== undefined && (user.length > userLengthMax || !/^[a-z_0-9][-a-z_0-9.]*$/iu.test(user)))
    throw new WrongUsage(`--user: found "${user}", expected the name or number of a user, at most ${userLengthMax} characters`);
  return { user: user ?? userDefault };
}

/** Where the interface of a segment is neither given nor this machine's, nothing can be said of it. */
function segmentsOf(context: Context, { site }: PlannedSite): readonly FencedSegment[] | Problems {
  const given = interfacesGiven(context.text("interfaces"));
  const known = site.watchlist.value.segments;
  for (const id of given.keys())
    if (!known.some((segment) => segment.id === id))
      throw new WrongUsage(`--interfaces: found segment "${id}", expected one of ${known.map((segment) => segment.id).join(", ")}`);
  const problems: string[] = [];
  const segments = known.flatMap(({ id, subnet, localAddress }): FencedSegment[] => {
    const interfaceName = given.get(id) ?? context.fence.interfaceHolding(localAddress);
    if (interfaceName !== undefined) return [{ id, subnet, interfaceName }];
    problems.push(
      `segment ${id}: found no interface with its localAddress ${localAddress} on this machine; give the poller's with --interfaces ${id}=NAME`,
    );
    return [];
  });
  return problems.length > 0 ? { problems } : segments;
}

function interfacesGiven(text: string | undefined): ReadonlyMap<string, string> {
  return new Map(
    (text ?? "")
      .split(",")
      .filter((part) => part !== "")
      .map((part): [string, string] => {
        const [, segment, name] = /^([^=]+)=([A-Za-z0-9_.@-]{1,15})$/u.exec(part) ?? [];
        if (segment === undefined || name === undefined)
          throw new WrongUsage(`--interfaces: found "${part}", expected SEGMENT=INTERFACE, such as hvac=eth1`);
        return [segment, name];
      }),
  );
}
