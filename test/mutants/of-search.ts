import { type Mutant, promises } from './mutant.ts';

const payment = 'src/domain/payment.ts';
const order = 'src/domain/order.ts';
const rows = 'test/model/shop.ts';
const actions = 'test/model/actions.ts';
const five = { file: 'src/domain/order.search.test.ts', name: 'five orders for three units' };
const one = { file: 'src/domain/order.search.test.ts', name: 'one order with everything' };

/** Rules that only matter after several events. */
export const sequences: readonly Mutant[] = [
  {
    name: 'a late payment that is being refunded is accepted again',
    promise: promises.once,
    file: payment,
    from: `if (state !== 'expired') return { outcome: 'no_change' };`,
    to: `if (state !== 'expired' && state !== 'refund_due') return { outcome: 'no_change' };`,
    test: five,
  },
  {
    name: 'a late payment settles without units',
    promise: promises.stock,
    file: payment,
    from: `return orderStatus === 'pending' ? { outcome: 'applied'`,
    to: `return orderStatus !== 'refunded' ? { outcome: 'applied'`,
    test: five,
  },
  {
    name: 'an expired hold hides that the shopper has cancelled',
    promise: promises.charged,
    file: rows,
    from: `reason: shop.cancelAsked ? 'cancelled_by_shopper' : reason`,
    to: `reason: shop.cancelAsked && !shop.holdExpired ? 'cancelled_by_shopper' : reason`,
    test: five,
  },
  {
    name: 'the order of a refunded late payment stays cancelled',
    promise: promises.charged,
    file: order,
    from: `refund: ['paid', 'dispatched', 'cancelled'],`,
    to: `refund: ['paid', 'dispatched'],`,
    test: five,
  },
  {
    name: 'a payment that the provider confirmed waits for its event',
    promise: promises.charged,
    file: payment,
    from: `if (payment.state === 'paid') return 'settle';`,
    to: `if (payment.state === 'paid') return 'wait';`,
    test: five,
  },
  {
    name: 'an external refund is applied between two steps of a checkout',
    promise: promises.charged,
    file: payment,
    from: `if (isUnpaid(known.state) || known.state === 'paid') {`,
    to: `if (isUnpaid(known.state)) {`,
    test: one,
  },
];

/** Faults of transactions, written into the model: the search has to find them. */
export const transactions: readonly Mutant[] = [
  {
    name: 'in the model, two orders get the last unit',
    promise: promises.stock,
    file: rows,
    from: 'if (stock.available < quantity) {',
    to: 'if (stock.available + 1 < quantity) {',
    test: five,
  },
  {
    name: 'in the model, a cancelled order keeps its units',
    promise: promises.stock,
    file: rows,
    from: '  stock.available += quantity;\n',
    to: '',
    test: five,
  },
  {
    name: 'in the model, a late payment takes units that are gone',
    promise: promises.stock,
    file: rows,
    from: 'isLatePaymentWanted(shop.reason) && stock.available >= quantity',
    to: 'isLatePaymentWanted(shop.reason)',
    test: five,
  },
  {
    name: 'in the model, a repeated refund has a new key',
    promise: promises.once,
    file: actions,
    from: '`refund_${index}_${amountCents}`',
    to: '`refund_${index}_${provider.refundedCents}`',
    test: one,
  },
  {
    name: 'in the model, a repeated opening has a new key',
    promise: promises.once,
    file: actions,
    from: `openSession(order.provider, 'pay')`,
    to: 'openSession(order.provider, `pay ${order.provider.sessions}`)',
    test: five,
  },
  {
    name: 'in the model, a webhook settles a payment that has changed since it was read',
    promise: promises.charged,
    file: rows,
    from: `if (isUnchanged && shop.inbox[name] === undefined && isAllowed(shop, 'pay')) {`,
    to: 'if (shop.inbox[name] === undefined) {',
    test: one,
  },
];
