import { createHash } from 'node:crypto';

/** The faults that the simulator injects on request, with their labels. At most one of each group hits one call or event. */
export const faultGroups = {
  api: {
    api_error_before: 'Answers 500, nothing done',
    api_error_after: 'Does it, answers 500',
    api_timeout: 'Does it, never answers',
    api_slow: 'Does it, answers late',
    api_lost: 'Does it, breaks the connection',
    api_too_many: 'Answers 429, nothing done',
    api_html: 'Answers a 502 page, nothing done',
    api_garbage: 'Does it, answers what is not JSON',
  },
  webhook: {
    webhook_delay: 'Comes late',
    webhook_drop: 'Never comes',
    webhook_double: 'Comes twice',
    webhook_reorder: 'Comes after a later one of the same session',
    webhook_forge: 'A forged one comes before it',
  },
} as const;

export type FaultGroup = keyof typeof faultGroups;
export type ApiFault = keyof typeof faultGroups.api;
export type WebhookFault = keyof typeof faultGroups.webhook;
export type Fault = ApiFault | WebhookFault;
export type FaultOf<Group extends FaultGroup> = Group extends 'api' ? ApiFault : WebhookFault;

/** The faults of a group, in the order in which `chooseFault` adds their rates. */
export function faultsOf<Group extends FaultGroup>(group: Group): FaultOf<Group>[] {
  return Object.keys(faultGroups[group]) as FaultOf<Group>[];
}

/** All faults, in the order in which `chooseFault` adds their rates. */
export const faultNames: readonly Fault[] = [...faultsOf('api'), ...faultsOf('webhook')];

/** How often a fault hits, from 0 to 1. The rates of one group add up to 1 at most. */
export type FaultRates = Readonly<Partial<Record<Fault, number>>>;

/** The times of faults and of bank debits, in milliseconds, with their labels. */
export const faultTimes = {
  slow_ms: { label: 'A late answer takes', initial: 1_500 },
  delay_ms: { label: 'A late webhook takes', initial: 2_000 },
  reorder_ms: { label: 'A webhook waits for a later one at most', initial: 5_000 },
  timeout_ms: { label: 'A call without an answer is held for', initial: 60_000 },
  settle_ms: { label: 'A bank debit takes', initial: 3_000 },
} as const;

/** Times in milliseconds. */
export type FaultSettings = Readonly<Record<keyof typeof faultTimes, number>>;

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
): FaultOf<Group> | undefined {
  const digest = createHash('sha256').update(JSON.stringify([seed, group, kind, reference, before]));
  const point = digest.digest().readUIntBE(0, 6) / 2 ** 48;
  let edge = 0;
  return faultsOf(group).find((fault) => {
    edge += rates[fault] ?? 0;
    return point < edge;
  });
}

/** Whether a fault of the group can hit at all. */
export function isAnyEnabled(group: FaultGroup, rates: FaultRates): boolean {
  return faultsOf(group).some((fault) => (rates[fault] ?? 0) > 0);
}
