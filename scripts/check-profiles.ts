/** Looks through the library of device profiles and prints everything that is wrong with it, with file and line. */
import { shippedLibrary, readLibrary } from "../src/config/library.ts";
import { formatProblem } from "../src/config/problem.ts";

const { profiles, problems } = readLibrary(process.argv[2] ?? shippedLibrary, { lint: true });
for (const problem of problems) console.log(formatProblem(problem));
console.log(`${profiles.size} profiles, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
