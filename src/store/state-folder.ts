/** The state folder: made by `init` alone, bound to one machine and one site, readable by the poller's user only. */
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { bornOf, isAnother, type Born } from "./birth-time.ts";
import { lockFileName } from "./database-lock.ts";
import { outboxFolderName } from "./database-outbox.ts";
import { JournalDatabase } from "./database.ts";
import { isFileError, syncFolder, writeDurably } from "./durable-file.ts";
import { adoptNote, headFileName } from "./head-beside.ts";
import { inFlightFileName } from "./in-flight-file.ts";
import { stopFileName } from "./stop-file.ts";
import { tripsFileName } from "./trips-beside.ts";
import { windowsFileName } from "./windows-file.ts";

/** What `init` writes for ever. */
export interface Birth {
  readonly site: string;
  /** Born for lab mode; never changes. */
  readonly lab: boolean;
}

export interface StateFolder extends Birth {
  readonly path: string;
  readonly journal: string;
  /** Compiled plans by their digest. */
  readonly plans: string;
}

export interface StateProblem {
  readonly kind:
    | "exists"
    | "absent"
    | "unreadable"
    | "schema"
    /** These three: the folder is a copy, was restored or moved; `adopt` makes it this machine's own. */
    | "other_machine"
    | "other_site"
    | "copied"
    | "lab_mismatch"
    | "permissions"
    | "journal_missing";
  /** One sentence: where, what was found, what is expected, what to do. */
  readonly detail: string;
}
export interface StateProblems {
  readonly problems: readonly StateProblem[];
}

export interface StateOptions {
  /** What names this machine; the default reads /etc/machine-id. */
  readonly machine?: string;
}

const schema = "state/v1";
const siteFileName = "site.json";
export const journalName = "journal.sqlite";
const plansName = "plans";

interface SiteFile extends Birth {
  readonly schema: typeof schema;
  readonly machine: string;
  /** Inode of the journal: a copy or a restored file has another one. The device number is left out: it may change from boot to boot. */
  readonly journalInode: number;
  /** When the journal was made: an inode is used again once its file is deleted. */
  readonly journalBorn: Born;
}

/** Makes the folder (0700) with its files (0600); refuses one that holds anything. */
export function createStateFolder(path: string, birth: Birth, options: StateOptions = {}): StateFolder | StateProblems {
  return attempted(path, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (readdirSync(path).length > 0) {
      return problem(
        "exists",
        `${path}: found a folder that holds something, expected none: state is made once and never overwritten; choose another folder`,
      );
    }
    chmodSync(path, 0o700);
    for (const name of [plansName, outboxFolderName]) mkdirSync(join(path, name), { mode: 0o700 });
    const unusable = JournalDatabase.create(join(path, journalName));
    if (unusable) return problem("unreadable", unusable.problem);
    // Last: a folder without it was never finished and counts as absent.
    bind(path, birth, options);
    return folder(path, birth);
  });
}

/** Opens the folder if it is this machine's and this site's own; else everything that is wrong with it. Changes nothing. */
export function openStateFolder(path: string, expected: Birth, options: StateOptions = {}): StateFolder | StateProblems {
  return attempted(path, () => {
    const site = readSite(path);
    if ("problems" in site) return site;
    const problems = [
      ...bornElsewhere(path, site, expected),
      ...boundElsewhere(path, site, options.machine ?? machineName()),
      ...tooOpen(path),
    ];
    return problems.length > 0 ? { problems } : folder(path, site);
  });
}

/** For which site and mode the folder was made, without judging anything else. */
export function readBirth(path: string): Birth | StateProblems {
  return attempted(path, () => {
    const site = readSite(path);
    return "problems" in site ? site : { site: site.site, lab: site.lab };
  });
}

/** Makes a copied, restored or moved folder this machine's own; the caller has stopped the site in it before. Lab stays lab. */
export function adoptStateFolder(path: string, adopted: Birth, options: StateOptions = {}): StateFolder | StateProblems {
  return attempted(path, () => {
    const site = readSite(path);
    if ("problems" in site) return site;
    const labProblems = bornElsewhere(path, site, { ...adopted, site: site.site });
    if (labProblems.length > 0) return { problems: labProblems };
    if (!statSync(join(path, journalName), { throwIfNoEntry: false })) return { problems: [journalMissing(path)] };
    bind(path, adopted, options);
    adoptNote(join(path, journalName));
    return openStateFolder(path, adopted, options);
  });
}

function bind(path: string, { site, lab }: Birth, options: StateOptions): void {
  const journal = statSync(join(path, journalName), { bigint: true });
  const made = { journalInode: Number(journal.ino), journalBorn: bornOf(journal) };
  const content: SiteFile = { schema, site, lab, machine: options.machine ?? machineName(), ...made };
  writeDurably(join(path, siteFileName), `${JSON.stringify(content, undefined, 2)}\n`);
  syncFolder(path);
}

function folder(path: string, { site, lab }: Birth): StateFolder {
  return Object.freeze({ path, site, lab, journal: join(path, journalName), plans: join(path, plansName) });
}

function readSite(path: string): SiteFile | StateProblems {
  const file = join(path, siteFileName);
  if (!lstatSync(file, { throwIfNoEntry: false })) {
    return problem("absent", `${path}: found no state folder (no ${siteFileName} in it), expected the one that \`watchkeeper init\` makes`);
  }
  const found = parsed(readFileSync(file, "utf8"));
  if (found?.["schema"] !== schema) {
    return problem(
      "schema",
      `${file}: found schema ${JSON.stringify(found?.["schema"] ?? null)}, expected "${schema}"; run the Watchkeeper that wrote it`,
    );
  }
  const { site, lab, machine, journalInode, journalBorn } = found;
  if (typeof site !== "string" || typeof lab !== "boolean" || typeof machine !== "string" || typeof journalInode !== "number") {
    return problem(
      "unreadable",
      `${file}: found a file that was changed by hand, expected site, lab, machine and journalInode; restore it`,
    );
  }
  return { schema, site, lab, machine, journalInode, journalBorn: typeof journalBorn === "string" ? journalBorn : "" };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function bornElsewhere(path: string, found: SiteFile, expected: Birth): readonly StateProblem[] {
  const born = found.lab ? "born for lab mode" : "born for a real site";
  const mode = expected.lab ? "lab mode" : "a real site";
  return [
    ...one(
      found.site !== expected.site,
      "other_site",
      `${path}: found the state of site "${found.site}", expected "${expected.site}"; see \`watchkeeper adopt\``,
    ),
    ...one(
      found.lab !== expected.lab,
      "lab_mismatch",
      `${path}: found a state folder ${born}, expected one for ${mode}; make one with \`watchkeeper init\``,
    ),
  ];
}

function boundElsewhere(path: string, found: SiteFile, machine: string): readonly StateProblem[] {
  const journal = statSync(join(path, journalName), { throwIfNoEntry: false });
  const otherMachine = found.machine !== machine;
  const another = journal !== undefined && (journal.ino !== found.journalInode || isAnother(join(path, journalName), found.journalBorn));
  const remedy = "stops and trips in it may be old; look at them, then `watchkeeper adopt`";
  return [
    ...one(otherMachine, "other_machine", `${path}: found the state of another machine, expected this one's: ${remedy}`),
    ...(journal ? [] : [journalMissing(path)]),
    ...one(
      another && !otherMachine,
      "copied",
      `${path}: found a copy or a restored journal, expected the one that this folder began with: ${remedy}`,
    ),
  ];
}

function journalMissing(path: string): StateProblem {
  const detail = `${join(path, journalName)}: found no journal; the trips it held are unknown. Restore it, or make a new state folder with \`watchkeeper init\``;
  return { kind: "journal_missing", detail };
}

/** The folder itself and everything in it that carries a decision. */
function tooOpen(path: string): readonly StateProblem[] {
  const user = process.geteuid?.();
  const places = [
    path,
    ...[siteFileName, journalName, stopFileName, lockFileName, tripsFileName, headFileName, inFlightFileName, windowsFileName].map((name) =>
      join(path, name),
    ),
  ];
  return places.flatMap((place) => {
    // The folder may be reached by a link (a mounted volume); its files may not.
    const found = place === path ? statSync(place) : lstatSync(place, { throwIfNoEntry: false });
    if (!found) return [];
    const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
    const expected = place === path ? "0700" : "0600";
    return [
      ...one(
        (found.mode & 0o077) !== 0,
        "permissions",
        `${place}: found mode ${mode}, expected ${expected}: others could lift a stop; chmod ${expected} it`,
      ),
      ...one(
        user !== undefined && found.uid !== user,
        "permissions",
        `${place}: found owner ${found.uid}, expected ${user ?? ""}, the user who runs this`,
      ),
    ];
  });
}

/** /etc/machine-id is confidential (machine-id(5)), so a hash of it is kept; a container without one is known by its host name. */
export function machineName(): string {
  const id = ["/etc/machine-id", "/var/lib/dbus/machine-id"].map(contentOf).find((text) => text !== "") ?? `host ${hostname()}`;
  return `sha256:${createHash("sha256").update(`watchkeeper ${id}`).digest("hex")}`;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (!isFileError(error)) throw error;
    return "";
  }
}

function problem(kind: StateProblem["kind"], detail: string): StateProblems {
  return { problems: [{ kind, detail }] };
}

function one(applies: boolean, kind: StateProblem["kind"], detail: string): readonly StateProblem[] {
  return applies ? [{ kind, detail }] : [];
}

/** What the file system refuses is a value. */
function attempted<T>(path: string, run: () => T): T | StateProblems {
  try {
    return run();
  } catch (error) {
    if (!isFileError(error)) throw error;
    return problem("unreadable", `${path}: the state folder cannot be used (${error.message})`);
  }
}
