import { isUnpaid } from '../../src/domain/payment.ts';
import type { RefundTerms } from '../../src/domain/refund.ts';
import {
  charge,
  dispute,
  end,
  endSession,
  leftOfCharge,
  newProvider,
  openSession,
  type Provider,
  refund,
  refundExternally,
  totalCents,
} from './provider.ts';
import {
  dispatchOrder,
  ingestEvent,
  isDeferred,
  markRefundMade,
  newShop,
  placeOrder,
  type ReadPayment,
  readForSettling,
  recordPaidSession,
  recordSession,
  requestRefund,
  retryEvent,
  type Shop,
  type Stock,
  settleAsRead,
  settleOrCancel,
  shrinkRefund,
} from './shop.ts';

/** Everything about one order: our rows, the provider's, and the progress of its checkout. */
export interface Order {
  readonly shop: Shop;
  readonly provider: Provider;
  /** How far the checkout is. `refused`: the provider opens no session; `failed`: an attention item. */
  phase: 'browsing' | 'opening' | 'refused' | 'waiting' | 'over' | 'failed';
  /** The provider's recorded answer, until the checkout has acted on it: how the session ended, and the refunds since. */
  answer: { readonly outcome: 'paid' | 'ended'; readonly refundedCents: number } | null;
  /** The payment as a webhook has read it and not yet settled it. */
  read: ReadPayment | null;
  /** The order was cancelled although its session may be open, because the provider had given no answer. */
  isUnavailable: boolean;
  /** The goods went out. */
  isShipped: boolean;
  /** An operator confirmed that the units are back. */
  isRestockAsked: boolean;
}

/** A shopper who has not ordered yet. */
export const newOrder: Order = {
  shop: newShop,
  provider: newProvider,
  phase: 'browsing',
  answer: null,
  read: null,
  isUnavailable: false,
  isShipped: false,
  isRestockAsked: false,
};

/**
 * Something that can happen to an order. Each action is one commit or one call to the provider, so a crash between a call and its record is
 * a path of its own: the call, and later the same step again. `work` goes on without any fault, request or payment.
 */
export interface Action {
  readonly name: string;
  readonly kind: 'work' | 'other';
  readonly act: (order: Order, stock: Stock) => void;
}

/** Actions that a world may have beside the usual ones. All at once, one order alone would have too many states for a search. */
export type Extra =
  | 'lost checkouts'
  | 'bank transfers'
  | 'disputes'
  | 'refunds of parts'
  | 'external refunds'
  | 'slow webhooks';

/** Lists the actions that are possible. Work comes first, in the order in which it ends everything. */
export function actionsOf(order: Order, extras: readonly Extra[]): Action[] {
  return [
    ...opening(order),
    ...receiving(order),
    ...comparing(order),
    ...waiting(order),
    ...fulfilling(order),
    ...shopping(order),
    ...extras.flatMap((extra) => extraActions[extra](order)),
  ];
}

const extraActions: Readonly<Record<Extra, (order: Order) => Action[]>> = {
  'lost checkouts': losing,
  'bank transfers': transferring,
  disputes: disputing,
  'refunds of parts': refundingParts,
  'external refunds': refundingExternally,
  'slow webhooks': readingFirst,
};

function when(isPossible: boolean, kind: Action['kind'], name: string, act: Action['act']): Action[] {
  return isPossible ? [{ name, kind, act }] : [];
}

/** `openCheckout` places the order, calls the provider and records the session. Each part may run again after a crash. */
function opening({ phase, provider }: Order): Action[] {
  return [
    ...when(phase === 'browsing', 'other', 'is placed', (order, stock) => {
      order.phase = placeOrder(order.shop, stock) === 'placed' ? 'opening' : 'over';
    }),
    ...when(phase === 'opening', 'work', 'session is opened, answer under way', (order) =>
      openSession(order.provider, 'pay'),
    ),
    ...when(phase === 'opening' && provider.session !== 'none', 'work', 'session is recorded', (order) => {
      recordSession(order.shop);
      order.phase = 'waiting';
    }),
    ...when(phase === 'opening', 'other', 'provider is out of reach', (order) => (order.phase = 'refused')),
    ...when(phase === 'refused', 'work', 'checkout ends without a session', (order, stock) => {
      const wasPending = order.shop.status === 'pending';
      settleOrCancel(order.shop, stock, 'payment_unavailable');
      order.isUnavailable = wasPending && order.shop.status === 'cancelled';
      order.phase = 'over';
    }),
    ...when(phase === 'failed', 'work', 'checkout is resumed', (order) => {
      order.phase = order.shop.hasSession ? 'waiting' : 'refused';
    }),
  ];
}

/** The webhook, the repeated delivery of what it has received, and reconciliation of deferred events. */
function receiving({ shop, provider }: Order): Action[] {
  const deferred = Object.keys(shop.inbox).filter((name) => isDeferred(shop.inbox[name]));
  return [
    ...provider.events.flatMap((name) =>
      when(true, 'work', `event "${name}" arrives`, (order, stock) => ingestEvent(order.shop, stock, name)),
    ),
    ...deferred.flatMap((name) =>
      when(true, 'work', `deferred event "${name}" is decided again`, (order, stock) =>
        retryEvent(order.shop, stock, name),
      ),
    ),
  ];
}

/** `compareWithProvider`. */
function comparing({ shop, provider }: Order): Action[] {
  const { status, state } = shop;
  const isMissed = provider.session === 'paid' && state !== 'none' && (!shop.hasSession || isUnpaid(state));
  const isLeftOpen = provider.session === 'open' && status !== 'pending';
  return [
    ...when(isMissed, 'work', 'comparison finds the payment', (order, stock) =>
      ingestEvent(order.shop, stock, 'listed'),
    ),
    ...when(isLeftOpen, 'work', 'comparison ends the open session', (order) => {
      endSession(order.provider);
    }),
  ];
}

/** `awaitPayment`. */
function waiting({ phase, shop, provider, answer }: Order): Action[] {
  const isEnding = phase === 'waiting' && (shop.holdExpired || shop.cancelAsked);
  return [
    ...when(
      phase === 'waiting' && answer?.outcome !== 'paid',
      'work',
      'checkout settles or cancels',
      (order, stock) => {
        const sessionEnded = answer === null ? null : 'hold_expired';
        if (settleOrCancel(order.shop, stock, sessionEnded) === 'over') order.phase = 'over';
        order.answer = null;
      },
    ),
    ...when(isEnding && answer === null, 'work', 'provider ends the session and answers', (order) => {
      const outcome = endSession(order.provider);
      order.answer = outcome === 'unknown' ? null : { outcome, refundedCents: provider.refundedCents };
    }),
    ...when(
      phase === 'waiting' && answer?.outcome === 'paid',
      'work',
      'answer "paid" is recorded',
      (order) => {
        recordPaidSession(order.shop, answer?.refundedCents ?? 0);
        order.answer = null;
      },
    ),
    ...when(shop.status === 'pending' && !shop.holdExpired, 'work', 'hold expires', (order) => {
      order.shop.holdExpired = true;
    }),
  ];
}

/** The workflows of refunds and of the dispatch. */
function fulfilling({ shop }: Order): Action[] {
  const due = shop.refunds.flatMap(({ made }, index) => (made ? [] : [index]));
  return [
    ...due.flatMap((index) =>
      when(true, 'work', `refund ${index} is made and recorded`, (order) => makeRefund(order, index)),
    ),
    ...when(shop.status === 'paid', 'work', 'is dispatched', (order) => {
      dispatchOrder(order.shop);
      if (order.shop.status === 'dispatched') order.isShipped = true;
    }),
    ...due.flatMap((index) =>
      when(true, 'other', `refund ${index} is made, answer lost`, (order) => askForRefund(order, index)),
    ),
  ];
}

/** Calls the provider under the key of the refund. */
function askForRefund({ shop, provider }: Order, index: number): ReturnType<typeof refund> {
  const { amountCents } = shop.refunds[index]!;
  return refund(provider, `refund_${index}_${amountCents}`, amountCents);
}

function makeRefund(order: Order, index: number): void {
  const { shop, provider } = order;
  const due = shop.refunds[index]!;
  const answer = askForRefund(order, index);
  if (answer === 'made') markRefundMade(shop, due);
  else if (!shrinkRefund(shop, due, answer.leftCents)) {
    // The attention item. A person pays back the missing amount in the dashboard, and resolves it.
    const missingCents = shop.refundedCents - provider.refundedCents;
    if (missingCents > 0) refundExternally(provider, missingCents);
    markRefundMade(shop, due);
  }
}

/** The shopper and the operator, and a provider that takes money for a session that it called ended. */
function shopping({ shop, provider }: Order): Action[] {
  const { session, revived } = provider;
  const isPending = shop.status === 'pending';
  const isRefundable = shop.state === 'settled' && shop.refunds.length === 0;
  return [
    ...when(isPending && !shop.cancelAsked, 'other', 'shopper cancels', (order) => {
      order.shop.cancelAsked = true;
    }),
    ...when(session === 'open', 'other', 'shopper pays', (order) => charge(order.provider)),
    ...when(session === 'open', 'other', 'session runs out', (order) => end(order.provider, 'expired')),
    ...when(
      (session === 'expired' || session === 'failed') && !revived,
      'other',
      'shopper pays too late',
      (order) => {
        order.provider.revived = true;
        charge(order.provider);
      },
    ),
    ...when(isRefundable, 'other', 'operator refunds all', (order, stock) =>
      requestRefund(order.shop, stock, { amountCents: undefined, restock: undefined }),
    ),
  ];
}

/** A checkout that fails, and a process that was declared dead and continues, whatever has happened meanwhile. */
function losing({ phase, shop, provider }: Order): Action[] {
  const isEnding = shop.hasSession && (shop.holdExpired || shop.cancelAsked);
  return [
    ...when(!shop.hasSession && provider.session !== 'none', 'other', 'session is recorded late', (order) =>
      recordSession(order.shop),
    ),
    ...when(
      isEnding && provider.session === 'open',
      'other',
      'provider ends the session, answer lost',
      (order) => {
        endSession(order.provider);
      },
    ),
    ...when(phase === 'opening' || phase === 'waiting', 'other', 'checkout fails', (order) => {
      order.phase = 'failed';
      order.answer = null;
    }),
  ];
}

/** Bank transfers, which arrive or fail after the session is complete. */
function transferring({ provider: { session } }: Order): Action[] {
  return [
    ...when(session === 'bank', 'work', 'bank transfer fails', (order) => end(order.provider, 'failed')),
    ...when(session === 'bank', 'other', 'bank transfer arrives', (order) => charge(order.provider)),
    ...when(session === 'open', 'other', 'shopper pays by bank transfer', (order) => {
      order.provider.session = 'bank';
    }),
  ];
}

function disputing({ provider }: Order): Action[] {
  return when(provider.charges > 0 && !provider.disputed, 'other', 'dispute', (order) =>
    dispute(order.provider),
  );
}

const partCents = 300;
// So that the states are finite.
const refundsMax = 2;
const terms: readonly RefundTerms[] = [
  { amountCents: undefined, restock: undefined },
  { amountCents: undefined, restock: true },
  { amountCents: undefined, restock: false },
  { amountCents: partCents, restock: undefined },
  { amountCents: partCents, restock: true },
  { amountCents: totalCents, restock: undefined },
];

/** Refunds by operators, of parts and with or without the units. */
function refundingParts({ shop, provider }: Order): Action[] {
  const isRefundable = provider.charges > 0 && shop.refunds.length < refundsMax;
  return terms.flatMap((asked) =>
    when(isRefundable, 'other', `operator refunds ${JSON.stringify(asked)}`, (order, stock) => {
      order.isRestockAsked ||= asked.restock === true;
      requestRefund(order.shop, stock, asked);
    }),
  );
}

/** A refund in the provider's dashboard, of a part or of the rest. */
function refundingExternally({ provider }: Order): Action[] {
  const amounts = provider.externalCents === 0 ? [partCents, leftOfCharge(provider)] : [];
  return amounts.flatMap((cents) =>
    when(
      cents > 0 && cents <= leftOfCharge(provider),
      'other',
      `somebody refunds ${cents} at the provider`,
      (order) => refundExternally(order.provider, cents),
    ),
  );
}

/** A webhook that reads the payment, and settles it only after other commits. */
function readingFirst({ shop, provider, read }: Order): Action[] {
  const isReadable = read === null && provider.events.includes('paid') && shop.inbox['paid'] === undefined;
  return [
    ...when(isReadable, 'other', 'webhook reads the payment of event "paid"', (order) => {
      order.read = readForSettling(order.shop, 'paid');
    }),
    ...when(read !== null, 'work', 'webhook settles the payment that it read', (order, stock) => {
      if (read) settleAsRead(order.shop, stock, 'paid', read);
      order.read = null;
    }),
  ];
}
