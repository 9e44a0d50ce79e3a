import type { Command } from './command.ts';
import type { World } from './world.ts';

const isFollowing = ({ stage }: World): boolean => stage === 'following';
export const openSession = ({ provider }: World): boolean => provider.session === 'open';
const deadSession = ({ provider }: World): boolean =>
  provider.session === 'expired' || provider.session === 'failed';
const wantsToEnd = (world: World): boolean => isFollowing(world) && (world.holdOver || world.cancelWished);

/** Steps 2 and 3 of the checkout story; any answer of the provider can get lost on its way. */
export const opening: readonly Command[] = [
  {
    name: 'session opened, answer under way',
    can: ({ stage, provider }) => stage === 'opening' && provider.session === 'none',
    act: ({ provider }) => provider.open(),
  },
  {
    name: 'session recorded',
    can: ({ stage, provider }) => stage === 'opening' && provider.session !== 'none',
    act: (world) => {
      world.shop.recordSession();
      world.stage = 'following';
    },
  },
];

/** The end of the hold, wished for or not. */
export const givingUp: readonly Command[] = [
  {
    name: 'provider out of reach',
    can: ({ stage }) => stage === 'opening',
    act: (world) => {
      world.shop.conclude('payment_unavailable', world.holdOver);
      world.stage = 'over';
    },
  },
  { name: 'hold ends', can: ({ holdOver }) => !holdOver, act: (world) => (world.holdOver = true) },
  {
    name: 'shopper cancels',
    can: (world) => world.shop.status === 'pending' && !world.cancelWished,
    act: (world) => (world.cancelWished = true),
  },
  {
    name: 'provider asked, answer lost',
    can: wantsToEnd,
    act: ({ provider }) => provider.end(),
  },
];

/** Steps 4 to 6 of the checkout story. */
export const following: readonly Command[] = [
  {
    name: 'provider asked',
    can: wantsToEnd,
    act: (world) => {
      const answer = world.provider.end();
      world.asked = answer === 'unknown' ? null : answer;
    },
  },
  {
    name: 'payment recorded',
    can: (world) => isFollowing(world) && world.asked === 'paid',
    act: (world) => {
      world.asked = null;
      world.shop.recordPaid(world.provider.listed().transactionId ?? '');
    },
  },
  {
    name: 'checkout concludes',
    can: (world) => isFollowing(world) && world.asked !== 'paid',
    act: (world) => {
      const reason = world.cancelWished ? 'cancelled_by_shopper' : 'hold_expired';
      const ended = world.asked === 'ended' ? reason : null;
      if (world.shop.conclude(ended, world.holdOver) === 'over') world.stage = 'over';
      world.asked = null;
    },
  },
];

/** A checkout that looked lost is told once more, beside whatever became of it. */
export const resuming: readonly Command[] = [
  {
    name: 'checkout resumed',
    can: ({ stage, shop }) => stage === 'over' && shop.sessionId !== null,
    act: (world) => (world.stage = 'following'),
  },
];

/** What the shopper does, and a provider that takes money for a session it called over. */
export const paying: readonly Command[] = [
  { name: 'shopper pays', can: openSession, act: ({ provider }) => provider.pay() },
  { name: 'shopper pays by bank transfer', can: openSession, act: ({ provider }) => provider.payByBank() },
  { name: 'session runs out', can: openSession, act: ({ provider }) => provider.expire() },
  {
    name: 'payment after the end',
    can: (world) => deadSession(world) && !world.revived,
    act: (world) => {
      world.revived = true;
      world.provider.endBank(true);
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

// So that a story stays finite.
const restocksAtMost = 2;

/** Other orders and deliveries. */
export const shelf: readonly Command[] = [
  {
    name: 'somebody else buys',
    can: ({ shop }) => shop.available > 0,
    act: (world) => {
      world.shop.available -= 1;
      world.others += 1;
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
