/** A configuration that ran: the texts of its files, so that a person can go back to it. */

export interface KeptPlan {
  readonly schema: "kept-plan/v1";
  /** Of the plan that was compiled from it. */
  readonly digest: string;
  /** When it was last adopted, ISO 8601 in UTC. */
  readonly adoptedAt: string;
  readonly watchlist: string;
  /** Texts of the site's own profile files, by profile. */
  readonly profiles: Readonly<Record<string, string>>;
}

/** What the planner gives along with a plan. */
export type PlanFiles = Pick<KeptPlan, "watchlist" | "profiles">;
