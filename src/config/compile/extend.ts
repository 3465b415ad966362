/** One profile on top of another: what the lower one forbids and demands holds above it too. */
import { quote, type Complaint, type Path } from "../problem.ts";
import type { MethodId } from "../../domain/operations.ts";
import type { Profile, ProfileMethod } from "../schema/profile.ts";
import { familyConnection, mayLoosen } from "./connection.ts";
import { directions, strictKinds, type Comparison } from "./direction.ts";

/** The upper profile with all that the lower one forbids, warns of and wants stated. Whether its figures are as tight is `looserThan`'s to say. */
export function extended(upper: Profile, lower: Profile): Profile {
  const own = new Set(upper.sources.map(({ id }) => id));
  return {
    ...upper,
    sources: [...upper.sources, ...lower.sources.filter(({ id }) => !own.has(id))],
    ownerMustState: directions.ownerMustState.tightest(upper.ownerMustState, lower.ownerMustState),
    forbidden: [...upper.forbidden, ...lower.forbidden],
    advisories: [...upper.advisories, ...lower.advisories.filter(({ id }) => !upper.advisories.some((one) => one.id === id))],
    ...(lower.exclusive?.value === true && { exclusive: lower.exclusive }),
  };
}

/** Everything in which a profile goes beyond the one that it extends; none: it only tightens. */
export function looserThan(upper: Profile, lower: Profile): readonly (readonly [Path, Complaint])[] {
  return [...looserMethods(upper, lower), ...looserFigures(upper, lower), ...looserAdvisories(upper, lower)];
}

type Finding = readonly [Path, Complaint];

function looserMethods(upper: Profile, lower: Profile): readonly Finding[] {
  return (Object.entries(upper.methods) as [MethodId, ProfileMethod][]).flatMap(([id, method]): readonly Finding[] => {
    const below = lower.methods[id];
    if (below === undefined) {
      if (method.decision === "forbid") return [];
      return [[["methods", id], { found: id, expected: `forbid, or a method that ${lower.id} names` }]];
    }
    const at = (key: string): Path => ["methods", id, key];
    return [
      ...looser(at("decision"), directions.decision, method.decision, below.decision, lower),
      ...looser(at("intervalMin"), directions.intervalMinMs, method.intervalMin ?? 0, below.intervalMin ?? 0, lower),
      ...looser(at("connectWithin"), directions.connectWithinMs, method.connectWithin, below.connectWithin, lower),
      ...looser(at("answerWithin"), directions.answerWithinMs, method.answerWithin, below.answerWithin, lower),
      ...looser(at("missesToDown"), directions.missesToDown, method.missesToDown, below.missesToDown, lower),
    ];
  });
}

function looserFigures(upper: Profile, lower: Profile): readonly Finding[] {
  const [above, below] = [upper, lower].map(({ connection, limits, sources }) => familyConnection(connection, sources, undefined, limits));
  const closing = ({ watchdog: { closeCausesFault: fact }, sources }: Profile): "no" | "unknown" | "yes" =>
    fact.value === true ? "yes" : fact.value === false && mayLoosen(fact, sources) ? "no" : "unknown";
  const fedBy = ({ watchdog }: Profile): NonNullable<typeof watchdog.fedBy.value> => watchdog.fedBy.value ?? "unknown";
  return [
    ...looser(["connection", "mode"], directions.mode, above!.mode, below!.mode, lower),
    ...looser(["connection", "poolSize", "value"], directions.poolSize, above!.poolSize, below!.poolSize, lower),
    ...looser(["connection", "overflow", "value"], directions.overflow, above!.overflow, below!.overflow, lower),
    ...looser(["connection", "reserve"], directions.reserve, above!.reserve, below!.reserve, lower),
    ...looser(["watchdog", "fedBy", "value"], directions.fedBy, fedBy(upper), fedBy(lower), lower),
    ...looser(["watchdog", "closeCausesFault", "value"], directions.closeCausesFault, closing(upper), closing(lower), lower),
    ...looser(["identification", "vendors"], directions.identification, upper.identification.vendors, lower.identification.vendors, lower),
    ...looser(
      ["identification", "products"],
      directions.identification,
      upper.identification.products,
      lower.identification.products,
      lower,
    ),
    // A generic floor says nothing of what the device is; a profile that knows better is no loosening.
    ...(lower.kind === "generic"
      ? []
      : looser(["kind"], directions.strictKind, strictKinds.has(upper.kind), strictKinds.has(lower.kind), lower)),
  ];
}

function looserAdvisories(upper: Profile, lower: Profile): readonly Finding[] {
  return upper.advisories.flatMap(({ id }, index): readonly Finding[] =>
    lower.advisories.some((one) => one.id === id)
      ? [[["advisories", index, "id"], { found: `${quote(id)} again`, expected: `nothing: ${lower.id} has it, and it holds here too` }]]
      : [],
  );
}

/** Undefined is what the code does by itself. */
function looser<Value>(
  path: Path,
  direction: Comparison<Value>,
  now: Value | undefined,
  floor: Value | undefined,
  lower: Profile,
): readonly Finding[] {
  if (floor === undefined) return [];
  if (now !== undefined && !direction.looser(now, floor)) return [];
  const found = now === undefined ? "nothing" : Array.isArray(now) ? `the list ${now.join(", ") || "of nobody"}` : quote(now);
  const least = Array.isArray(floor) ? floor.join(", ") : String(floor);
  return [
    [
      path,
      { found, expected: `nothing looser than ${least}, as ${lower.id} has it`, hint: "a profile that extends another only tightens it" },
    ],
  ];
}
