import { createHash } from 'node:crypto';

/** The faults that the simulator injects on request. At most one of each group hits one call or one event. */
export const faultGroups = {
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

export type FaultGroup = keyof typeof faultGroups;
export type ApiFault = (typeof faultGroups.api)[number];
export type WebhookFault = (typeof faultGroups.webhook)[number];
export type Fault = ApiFault | WebhookFault;

export const faultNames: readonly Fault[] = [...faultGroups.api, ...faultGroups.webhook];

/** How often a fault hits, from 0 to 1. The rates of one group add up to 1 at most. */
export type FaultRates = Readonly<Partial<Record<Fault, number>>>;

/** Times in milliseconds. */
export interface FaultSettings {
  readonly slow_ms: number;
  readonly delay_ms: number;
  readonly reorder_ms: number;
  /** How long a call without an answer stays open. */
  readonly timeout_ms: number;
  /** How long a bank takes for a payment that is not settled at once. */
  readonly settle_ms: number;
}

export const defaultSettings: FaultSettings = {
  slow_ms: 1_500,
  delay_ms: 2_000,
  reorder_ms: 5_000,
  timeout_ms: 60_000,
  settle_ms: 3_000,
};

/** The input of a choice. It is the same in every run of a scenario. */
export interface Occurrence {
  readonly seed: string;
  /** The route of a call, or the type of an event. */
  readonly kind: string;
  /** The shop's reference for its order. */
  readonly reference: string;
  /** The number of earlier occurrences of the same kind and reference. */
  readonly before: number;
}

/** Chooses the fault of the group that hits this occurrence. Undefined when none does. */
export function chooseFault<Group extends FaultGroup>(
  group: Group,
  rates: FaultRates,
  { seed, kind, reference, before }: Occurrence,
): (typeof faultGroups)[Group][number] | undefined {
  const digest = createHash('sha256').update(JSON.stringify([seed, group, kind, reference, before]));
  const point = digest.digest().readUIntBE(0, 6) / 2 ** 48;
  let edge = 0;
  return faultGroups[group].find((fault) => {
    edge += rates[fault] ?? 0;
    return point < edge;
  });
}

/** Whether a fault of the group can hit at all. */
export function isAnyEnabled(group: FaultGroup, rates: FaultRates): boolean {
  return faultGroups[group].some((fault) => (rates[fault] ?? 0) > 0);
}
