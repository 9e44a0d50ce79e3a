import { createHash } from 'node:crypto';

/** The buyer's actions in one checkout, and the faults injected into it. */
export type Act = keyof typeof weights;

/** One checkout, decided before the run by the seed alone. */
export interface Plan {
  readonly number: number;
  readonly key: string;
  readonly items: readonly { readonly sku: string; readonly qty: number }[];
  readonly act: Act;
  /** A number from 0 to 1, for a later decision of the act. */
  readonly chance: number;
  /** The same request is sent twice at once. */
  readonly twice: boolean;
}

// How often each act is chosen; out of the sum of all.
const weights = {
  pay: 26,
  'decline, then pay': 8,
  'pay twice': 6,
  'pay at the end of the hold': 8,
  'pay too late': 12,
  'bank transfer arrives': 5,
  'bank transfer fails': 5,
  'cancel at the provider': 5,
  'cancel at the shop': 6,
  'pay while cancelling': 5,
  leave: 10,
  'refund in full': 4,
  'refund twice, in parts': 4,
  'refund at the provider': 4,
  'ship in parcels': 5,
  dispute: 3,
} as const;

/** Every act there is. */
export const acts = Object.keys(weights) as Act[];

/** There are never enough of these, so that late payments find some gone. */
export const scarce = 'bell';
/** Products that are restocked in time. */
const plenty = ['cleat', 'block', 'shackle', 'marlinspike', 'snatch-hook', 'thimble', 'turnbuckle'];

/** How often the payment service injects each fault, out of 1 for all of calls and of webhooks. */
export const providerFaults = {
  api_error_before: 0.065,
  api_error_after: 0.065,
  api_timeout: 0.065,
  api_slow: 0.065,
  api_lost: 0.065,
  api_too_many: 0.065,
  api_html: 0.065,
  api_garbage: 0.065,
  webhook_delay: 0.18,
  webhook_drop: 0.16,
  webhook_double: 0.18,
  webhook_reorder: 0.16,
  webhook_forge: 0.18,
};

/** The times of these faults in milliseconds. */
export const faultTimes = {
  slow_ms: 300,
  delay_ms: 1500,
  reorder_ms: 1500,
  timeout_ms: 2000,
  settle_ms: 500,
};

/** The checkouts of a run. The same seed and count give the same ones. */
export function planRun(seed: string, count: number): Plan[] {
  return Array.from({ length: count }, (_, index) => planCheckout(seed, index + 1));
}

/** The checkout of that number. */
export function planCheckout(seed: string, number: number): Plan {
  const chance = (what: string) => chanceOf(`${seed}|${number}|${what}`);
  const act = chooseAct(chance('act'));
  const wantsScarce = act === 'pay too late' ? chance('scarce') < 0.7 : chance('scarce') < 0.15;
  const skus = new Set([wantsScarce ? scarce : pick(plenty, chance('first'))]);
  if (chance('more') < 0.3) skus.add(pick(plenty, chance('second')));
  return {
    number,
    key: `money-${number}`,
    items: [...skus].map((sku) => ({ sku, qty: chance(`qty ${sku}`) < 0.8 ? 1 : 2 })),
    act,
    chance: chance('later'),
    twice: chance('twice') < 0.1,
  };
}

function chooseAct(chance: number): Act {
  const sum = Object.values(weights).reduce((a, b) => a + b, 0);
  let left = chance * sum;
  for (const act of acts) {
    left -= weights[act];
    if (left < 0) return act;
  }
  return 'pay';
}

function pick<Item>(items: readonly Item[], chance: number): Item {
  const item = items[Math.floor(chance * items.length)];
  if (item === undefined) throw new Error('There is nothing to choose from.');
  return item;
}

/** A number from 0 to 1. A hash instead of a stream of numbers makes each choice independent of those before it. */
export function chanceOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32;
}
