import { openSession } from './buying.ts';
import type { Command } from './context.ts';
import { total } from './provider.ts';

/** The events of the provider, in any order and number. */
export const receiving: readonly Command[] = [
  {
    name: 'event delivered',
    can: ({ provider }) => provider.events.length > 0,
    act: ({ provider, shop }, choice) => shop.receive(provider.events[choice % provider.events.length]!),
  },
  {
    name: 'newest event delivered',
    can: ({ provider }) => provider.events.length > 0,
    act: ({ provider, shop }) => shop.receive(provider.events.at(-1)!),
  },
  {
    name: 'nonsense delivered',
    can: ({ provider }) => provider.events.length > 0,
    act: (context, choice) => context.receiveNonsense(choice),
  },
];

/** Differences that reconciliation finds and repairs. */
export const reconciling: readonly Command[] = [
  {
    name: 'missed event found',
    can: ({ provider, shop }) => provider.events.some(({ id }) => !shop.outcomes.has(id)),
    act: ({ provider, shop }) => shop.receive(provider.events.find(({ id }) => !shop.outcomes.has(id))!),
  },
  {
    name: 'missed payment found',
    can: ({ provider, shop }) =>
      provider.session === 'paid' && ['creating', 'open', 'expired'].includes(shop.state),
    act: ({ provider, shop }) => shop.receive(provider.listed()),
  },
  {
    name: 'deferred events tried again',
    can: ({ shop }) => shop.deferred.size > 0,
    act: ({ shop }) => shop.retryDeferred(),
  },
  {
    name: 'session left open is ended',
    can: (context) => openSession(context) && context.shop.status !== 'pending',
    act: ({ provider }) => provider.expire(),
  },
];

const amounts = [undefined, 300, undefined, 700, total] as const;
const restocks = [undefined, true, false] as const;

// So that a scenario stays finite.
const refundsAtMost = 4;

/** Actions of operators and buyers on a payment. */
export const requesting: readonly Command[] = [
  {
    name: 'operator refunds',
    can: ({ provider, shop }) => provider.charges > 0 && shop.refunds.length < refundsAtMost,
    act: (context, choice) => {
      const restock = restocks[Math.floor(choice / amounts.length) % restocks.length];
      context.restockAsked ||= restock === true;
      context.shop.requestRefund({ amountCents: amounts[choice % amounts.length], restock });
    },
  },
  {
    name: 'refund at the provider',
    can: ({ provider, shop }) => provider.refundable > 0 && shop.refunds.length < refundsAtMost,
    act: ({ provider }, choice) => {
      const amount = Math.min(amounts[choice % amounts.length] ?? total, provider.refundable);
      provider.refund(`external-${provider.refunded}`, amount);
    },
  },
  {
    name: 'dispute',
    can: ({ provider }) => provider.charges > 0 && !provider.disputed,
    act: ({ provider }) => provider.dispute(),
  },
  {
    name: 'refund made, answer lost',
    can: ({ shop }) => shop.refunds.some(({ made }) => !made),
    act: ({ shop, provider }) => {
      const due = shop.refunds.find(({ made }) => !made)!;
      provider.refund(due.id, due.amountCents);
    },
  },
];

/** Due work. */
export const repaying: readonly Command[] = [
  {
    name: 'refund made',
    can: ({ shop }) => shop.refunds.some(({ made, refused }) => !made && !refused),
    act: ({ shop, provider }) => {
      const due = shop.refunds.find(({ made, refused }) => !made && !refused)!;
      if (provider.refund(due.id, due.amountCents) === 'made') shop.markRefundMade(due);
      else due.refused = true;
    },
  },
  {
    name: 'dispatched',
    can: ({ shop }) => shop.status === 'paid',
    act: ({ shop }) => shop.markDispatched(),
  },
];

/** An operator who finds a refused refund pays back the missing amount, and retries the refund. */
export const person: readonly Command[] = [
  {
    name: 'person makes up for a refused refund',
    can: ({ shop }) => shop.refunds.some(({ refused }) => refused),
    act: ({ shop, provider }) => {
      const missing = shop.refundedCents - provider.refunded;
      if (missing > 0) provider.refund(`person-${provider.refunded}`, missing);
      for (const due of shop.refunds.filter(({ refused }) => refused)) {
        if (provider.refund(due.id, due.amountCents) === 'made') shop.markRefundMade(due);
      }
    },
  },
];
