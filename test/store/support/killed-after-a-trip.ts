/** A process that dies in the same tick in which a device trips, while somebody else holds the journal. Argument: the journal. */
import { DatabaseSync } from "node:sqlite";
import { openJournal } from "../../../src/store/journal.ts";
import { systemClock as clock } from "../../../src/system-clock.ts";
import { wallMs } from "../../../src/domain/units.ts";

const path = process.argv[2] ?? "";
const opened = await openJournal(path, { clock });
if ("problem" in opened) throw new Error(opened.problem);
const backup = new DatabaseSync(path);
backup.exec("BEGIN IMMEDIATE");
opened.journal.tripped({ scope: "device:plc", cause: "guard_violation", detail: "FC 6 on the wire" }, wallMs(1_763_726_400_000));
process.kill(process.pid, "SIGKILL");
