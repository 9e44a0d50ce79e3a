import type { Cleanup } from '../cleanup.ts';

/** One question about the shop that the levels do not answer. */
export interface Scenario {
  /** One word, for the command line and the report. */
  readonly name: string;
  readonly title: string;
  /**
   * Measures on databases, a provider and a shop of its own, all gone when it resolves.
   * @throws when a figure would be of something else than it claims.
   */
  run(world: World): Promise<ScenarioReport>;
}

/** What a scenario is given. */
export interface World {
  /** Postgres, with an account that may create databases. */
  readonly serverUrl: string;
  /** Undone when the whole run ends, also by a signal. */
  readonly cleanup: Cleanup;
  /** Shows within seconds that it works, not how fast. */
  readonly quick: boolean;
  say(text: string): void;
}

export interface ScenarioReport {
  /** For people. */
  readonly lines: readonly string[];
  /** For the JSON file; units are in the names. */
  readonly figures: Readonly<Record<string, unknown>>;
}
