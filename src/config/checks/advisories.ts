/** Checks what a profile says of known weaknesses, of systems that are only heard, and of what it extends, each within the file. */
import { heardOnlyKinds } from "../compile/direction.ts";
import { quote, type Path } from "../problem.ts";
import { methodIds } from "../../domain/operations.ts";
import type { Profile } from "../schema/profile.ts";
import type { Complaints } from "./entries.ts";

export function checkAdvisories({ advisories, sources }: Profile, complaints: Complaints): void {
  const seen = new Set<string>();
  advisories.forEach(({ id, gate, methods, fixedIn, sources: own }, index) => {
    const at = (...rest: Path): Path => ["advisories", index, ...rest];
    if (seen.has(id)) complaints.add(at("id"), { found: `${quote(id)} again`, expected: "each advisory once" });
    seen.add(id);
    if (gate !== "warn" && methods.length === 0)
      complaints.add(at("methods"), { found: "no method", expected: `the methods that ${gate} withholds, each by name` });
    if (gate === "warn" && methods.length > 0)
      complaints.add(at("methods"), { found: `a list of ${methods.length}`, expected: "none beside warn, which withholds nothing" });
    if (gate === "require-firmware" && fixedIn.length === 0) {
      const expected = "the firmware in which it is mended";
      complaints.add(at("fixedIn"), { found: "no firmware", expected, hint: "where there is none, the gate is forbid-method" });
    }
    const says = sources.filter((source) => own.includes(source.id));
    if (!says.some(({ kind }) => kind === "advisory"))
      complaints.add(at("sources"), {
        found: says.length === 0 ? "no sources" : "no advisory",
        expected: "the advisory itself among them",
      });
  });
}

/** Who opens such a file must see that nothing is asked, method by method. */
export function checkHeardOnly({ kind, methods }: Profile, complaints: Complaints): void {
  if (!heardOnlyKinds.has(kind)) return;
  const expected = `forbid: ${kind} systems are never asked, heard only`;
  for (const id of methodIds) {
    const found = methods[id]?.decision ?? "nothing";
    if (found !== "forbid") complaints.add(["methods", id, "decision"], { found, expected });
  }
}
