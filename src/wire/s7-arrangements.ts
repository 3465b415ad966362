/** How the process of node-snap7 may be kept apart from the network and the poller's files, from the strongest arrangement to none. */

/** What this machine offers, as absolute paths; undefined where it does not have it. */
export interface Offered {
  readonly root: boolean;
  readonly unshare?: string;
  readonly setpriv?: string;
  readonly ip?: string;
  readonly shell?: string;
}

export interface Arrangement {
  /** For people: what it is meant to give; what it gives, the process says itself. */
  readonly name: string;
  /** What stands before the program and its arguments. */
  readonly prefix: readonly string[];
}

/** Of `nobody` on every Linux: no file of the poller's is readable for it unless everybody may read it. */
export const unprivilegedUser = 65_534;

/**
 * Each is tried until one becomes ready: whether a container may make namespaces, or another user may read the program, only a try can tell.
 * A network namespace is empty but for its loopback, which has to be raised for the library to connect within the process.
 */
export function arrangements({ root, unshare, setpriv, ip, shell }: Offered): readonly Arrangement[] {
  const bare: Arrangement = { name: "no isolation", prefix: [] };
  if (setpriv === undefined) return [bare];
  const powerless = [setpriv, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--pdeathsig", "KILL"];
  const user = [...powerless, "--reuid", `${unprivilegedUser}`, "--regid", `${unprivilegedUser}`, "--clear-groups"];
  // Without root nothing can be taken from the bounding set; a namespace of its own user gives that power, over itself alone.
  const plain = root ? powerless : [setpriv, "--no-new-privs", "--pdeathsig", "KILL"];
  const enclosed = (rest: readonly string[]): readonly string[] | undefined =>
    unshare === undefined || ip === undefined || shell === undefined
      ? undefined
      : [
          unshare,
          ...(root ? [] : ["--user", "--map-root-user"]),
          "--net",
          "--",
          shell,
          "-c",
          `"${ip}" link set lo up && exec "$@"`,
          shell,
          ...rest,
          "--",
        ];
  const wanted: readonly (readonly [name: string, prefix: readonly string[] | undefined])[] = [
    ["own network and own user", root ? enclosed(user) : undefined],
    ["own network", enclosed(powerless)],
    ["own user", root ? [...user, "--"] : undefined],
    ["no privileges", [...plain, "--"]],
  ];
  return [...wanted.flatMap(([name, prefix]) => (prefix === undefined ? [] : [{ name, prefix }])), bare];
}
