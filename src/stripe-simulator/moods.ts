import { createHash } from 'node:crypto';

/** What goes wrong on purpose. At most one mood of each group strikes one call or one event. */
export const moodGroups = {
  api: [
    'api_error_before',
    'api_error_after',
    'api_timeout',
    'api_slow',
    'api_lost',
    'api_too_many',
    'api_html',
    'api_garbage',
  ],
  webhook: ['webhook_delay', 'webhook_drop', 'webhook_double', 'webhook_reorder', 'webhook_forge'],
} as const;

export type MoodGroup = keyof typeof moodGroups;
export type ApiMood = (typeof moodGroups.api)[number];
export type WebhookMood = (typeof moodGroups.webhook)[number];
export type Mood = ApiMood | WebhookMood;

export const moodNames: readonly Mood[] = [...moodGroups.api, ...moodGroups.webhook];

/** How often a mood strikes, from 0 to 1. The shares of one group add up to 1 at most. */
export type Shares = Readonly<Partial<Record<Mood, number>>>;

/** Times in milliseconds. */
export interface MoodSettings {
  readonly slow_ms: number;
  readonly delay_ms: number;
  readonly reorder_ms: number;
  /** How long a call that is never answered is held. */
  readonly timeout_ms: number;
  /** How long a bank takes for a payment that is not settled at once. */
  readonly settle_ms: number;
}

export const defaultSettings: MoodSettings = {
  slow_ms: 1_500,
  delay_ms: 2_000,
  reorder_ms: 5_000,
  timeout_ms: 60_000,
  settle_ms: 3_000,
};

/** What a choice depends on: nothing of it differs between two runs of the same story. */
export interface Occurrence {
  readonly seed: string;
  /** The kind of call or event. */
  readonly what: string;
  /** What the shop knows its order by. */
  readonly reference: string;
  /** How often the same has happened before. */
  readonly before: number;
}

/** The mood of the group that strikes this time, if any. */
export function chooseMood<Group extends MoodGroup>(
  group: Group,
  shares: Shares,
  { seed, what, reference, before }: Occurrence,
): (typeof moodGroups)[Group][number] | undefined {
  const digest = createHash('sha256').update(JSON.stringify([seed, group, what, reference, before]));
  const point = digest.digest().readUIntBE(0, 6) / 2 ** 48;
  let edge = 0;
  return moodGroups[group].find((mood) => {
    edge += shares[mood] ?? 0;
    return point < edge;
  });
}

/** Whether a mood of the group can strike at all. */
export function isAnyOn(group: MoodGroup, shares: Shares): boolean {
  return moodGroups[group].some((mood) => (shares[mood] ?? 0) > 0);
}
