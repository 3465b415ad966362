/** How much each bench does: enough for figures that mean something, or just enough to see that it runs. */

export interface Sizes {
  readonly devices: number;
  /** Rounds of product and bare, taken in turns. */
  readonly rounds: number;
  /** So many rounds' worth of askings before the first. */
  readonly warming: number;
  readonly freshPerRound: number;
  readonly keptPerRound: number;
  /** Rounds of the schedule, and how long each lasts. */
  readonly windows: number;
  readonly windowMs: number;
  /** Connections that are really open while memory of a kept one is measured. */
  readonly keptConnections: number;
}

export const full: Sizes = {
  devices: 10_000,
  rounds: 11,
  warming: 20,
  freshPerRound: 300,
  keptPerRound: 1500,
  windows: 5,
  windowMs: 4500,
  keptConnections: 400,
};

export const tiny: Sizes = {
  devices: 300,
  rounds: 2,
  warming: 1,
  freshPerRound: 3,
  keptPerRound: 5,
  windows: 1,
  windowMs: 500,
  keptConnections: 3,
};
