import type { Command, Context } from './context.ts';

const isFollowing = ({ phase }: Context): boolean => phase === 'following';
export const openSession = ({ provider }: Context): boolean => provider.session === 'open';
const deadSession = ({ provider }: Context): boolean =>
  provider.session === 'expired' || provider.session === 'failed';
const wantsToEnd = (context: Context): boolean =>
  isFollowing(context) && (context.holdExpired || context.cancelRequested);

/** The checkout opens a session. Any answer of the provider can get lost. */
export const opening: readonly Command[] = [
  {
    name: 'session opened, answer under way',
    can: ({ phase, provider }) => phase === 'opening' && provider.session === 'none',
    act: ({ provider }) => provider.open(),
  },
  {
    name: 'session recorded',
    can: ({ phase, provider }) => phase === 'opening' && provider.session !== 'none',
    act: (context) => {
      context.shop.recordSession();
      context.phase = 'following';
    },
  },
];

/** The end of the hold, requested or not. */
export const givingUp: readonly Command[] = [
  {
    name: 'provider out of reach',
    can: ({ phase }) => phase === 'opening',
    act: (context) => {
      context.shop.settleOrCancel('payment_unavailable', context.holdExpired);
      context.phase = 'over';
    },
  },
  {
    name: 'hold ends',
    can: ({ holdExpired }) => !holdExpired,
    act: (context) => (context.holdExpired = true),
  },
  {
    name: 'shopper cancels',
    can: (context) => context.shop.status === 'pending' && !context.cancelRequested,
    act: (context) => (context.cancelRequested = true),
  },
  {
    name: 'provider asked, answer lost',
    can: wantsToEnd,
    act: ({ provider }) => provider.end(),
  },
];

/** The checkout follows its payment. */
export const following: readonly Command[] = [
  {
    name: 'provider asked',
    can: wantsToEnd,
    act: (context) => {
      const answer = context.provider.end();
      context.asked = answer === 'unknown' ? null : answer;
    },
  },
  {
    name: 'payment recorded',
    can: (context) => isFollowing(context) && context.asked === 'paid',
    act: (context) => {
      context.asked = null;
      context.shop.recordPaid(context.provider.listed().transactionId ?? '');
    },
  },
  {
    name: 'checkout settles or cancels',
    can: (context) => isFollowing(context) && context.asked !== 'paid',
    act: (context) => {
      const reason = context.cancelRequested ? 'cancelled_by_shopper' : 'hold_expired';
      const ended = context.asked === 'ended' ? reason : null;
      if (context.shop.settleOrCancel(ended, context.holdExpired) === 'over') context.phase = 'over';
      context.asked = null;
    },
  },
];

/** A checkout that looked lost runs again, beside the first one. */
export const resuming: readonly Command[] = [
  {
    name: 'checkout resumed',
    can: ({ phase, shop }) => phase === 'over' && shop.sessionId !== null,
    act: (context) => (context.phase = 'following'),
  },
];

/** Actions of the shopper, and of a provider that takes money for a session that it called ended. */
export const paying: readonly Command[] = [
  { name: 'shopper pays', can: openSession, act: ({ provider }) => provider.pay() },
  { name: 'shopper pays by bank transfer', can: openSession, act: ({ provider }) => provider.payByBank() },
  { name: 'session runs out', can: openSession, act: ({ provider }) => provider.expire() },
  {
    name: 'payment after the end',
    can: (context) => deadSession(context) && !context.revived,
    act: (context) => {
      context.revived = true;
      context.provider.endBank(true);
    },
  },
];

/** How a bank transfer ends. */
export const bank: readonly Command[] = [
  {
    name: 'bank transfer ends',
    can: ({ provider }) => provider.session === 'bank',
    act: ({ provider }, choice) => provider.endBank(choice % 2 === 0),
  },
];

// So that a scenario stays finite.
const restocksAtMost = 2;

/** Other orders and deliveries. */
export const shelf: readonly Command[] = [
  {
    name: 'somebody else buys',
    can: ({ shop }) => shop.available > 0,
    act: (context) => {
      context.shop.available -= 1;
      context.others += 1;
    },
  },
  {
    name: 'restock',
    can: ({ shop, others }) => shop.supplied < others + restocksAtMost,
    act: ({ shop }) => {
      shop.supplied += 1;
      shop.available += 1;
    },
  },
];
