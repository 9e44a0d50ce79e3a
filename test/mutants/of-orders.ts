import { type Mutant, promises } from './mutant.ts';

const payment = 'src/domain/payment.ts';
const cancelling = 'src/database/transactions/cancel-order.ts';
const placing = 'src/database/transactions/place-order.ts';
const changing = 'src/database/transactions/change-order.ts';
const settling = 'src/database/transactions/settle-payment.ts';
const dispatching = 'src/database/transactions/dispatch-order.ts';
const poller = 'src/workflows/redelivery-poller.ts';
const compare = 'src/workflows/compare-with-provider.ts';
const rules = 'test/payments/rules.test.ts';
const checkout = 'test/http/checkout.test.ts';
const changes = 'test/http/change-order.test.ts';
const delivery = 'test/http/delivery.test.ts';
const discounts = 'test/http/tax-and-discounts.test.ts';
const model = { file: 'src/domain/order.search.test.ts', name: 'whatever happens in whatever order' };

/** Transitions of an order and its units. */
export const orders: readonly Mutant[] = [
  {
    name: 'an order is cancelled after any event',
    promise: promises.charged,
    file: payment,
    from: `payment.state === 'expired' || sessionEnded ? 'cancel'`,
    to: `payment.state !== 'creating' || sessionEnded ? 'cancel'`,
    test: model,
  },
  {
    name: 'an order is cancelled whatever its status',
    promise: promises.charged,
    file: cancelling,
    from: 'where order_id = :orderId and status = any(:allowedFrom)',
    to: 'where order_id = :orderId',
    test: { file: rules, name: 'a paid order is not cancelled' },
  },
  {
    name: 'an order is paid, confirmed and dispatched whatever its status',
    promise: promises.once,
    file: settling,
    from: 'from payment where orders.order_id = payment.order_id and status = any(:allowedFrom)',
    to: 'from payment where orders.order_id = payment.order_id',
    test: { file: rules, name: 'a cancelled order is not cancelled again' },
  },
  {
    name: 'no message ends the checkout of a paid order',
    promise: promises.once,
    file: settling,
    from: 'select ${startNextWorkflows}, (${sendCall}) from paid',
    to: 'select ${startNextWorkflows} from paid',
    test: { file: 'test/workflows/saga.test.ts', name: 'the fourth try succeeds' },
  },
  {
    name: 'the end of its session releases the units of an order that is being changed',
    promise: promises.stock,
    file: cancelling,
    from: `:reason = 'payment_ended' and hold_expires_at > now()`,
    to: `:reason = 'none' and hold_expires_at > now()`,
    test: { file: changes, name: 'for want of room keeps the units of the order' },
  },
  {
    name: 'an order is changed although the provider says that it is paid',
    promise: promises.once,
    file: changing,
    from: `if (isPaid || sessionEnd === 'paid')`,
    to: 'if (isPaid)',
    test: { file: changes, name: 'when only the provider knows of the payment' },
  },
  {
    name: 'a changed order stays payable beside the new one',
    promise: promises.once,
    file: changing,
    from: 'if (isReplaced) await endChanged(sql, changed, emailsPerDay);',
    to: 'void endChanged;',
    test: { file: changes, name: 'pressed five times at once' },
  },
  {
    name: 'the cart of a change counts the units of the changed order as sold out',
    promise: 'the units that a shopper holds are there for this shopper',
    file: 'src/database/queries/carts.ts',
    from: ' or orders.order_id is not distinct from carts.changes_order_id',
    to: '',
    test: { file: changes, name: 'may order all the units that it holds' },
  },
  {
    name: 'no message wakes the checkout of an expired hold',
    promise: promises.stock,
    file: poller,
    from: 'await notifyExpiredHolds(sql);',
    to: 'void notifyExpiredHolds;',
    test: { file: 'test/workflows/redelivery-poller.test.ts', name: 'whose hold expired is notified' },
  },
  {
    name: 'a message that was not received is not sent again',
    promise: 'work goes on by itself within seconds (promise 4)',
    file: poller,
    from: 'await renotifyUnreadMessages(sql);',
    to: 'void renotifyUnreadMessages;',
    test: { file: 'test/workflows/redelivery-poller.test.ts', name: 'an unread message is delivered' },
  },
  {
    name: 'units are not taken off the shelf when an order is placed',
    promise: promises.stock,
    file: placing,
    from: 'update stock set available = line.available - qty',
    to: 'update stock set available = line.available',
    test: { file: checkout, name: 'of several lines holds them all' },
  },
  {
    name: 'units do not come back when an order is cancelled',
    promise: promises.stock,
    file: 'src/database/transactions/release-stock.ts',
    from: 'update stock set available = stock.available + quantity from line',
    to: 'update stock set available = stock.available from line',
    test: { file: checkout, name: '−1 and the unit back; a repetition changes nothing' },
  },
  {
    name: 'the total that the shopper was shown is not compared',
    promise: 'nobody pays another price than the one they saw',
    file: placing,
    from: 'and cents = coalesce(cast(:shownCents as bigint), cents)',
    to: 'and 0 <= coalesce(cast(:shownCents as bigint), 0)',
    test: { file: checkout, name: 'of a total other than the one shown is refused' },
  },
  {
    name: 'a checkout key is good for any other order',
    promise: 'one checkout key, one order, for ever',
    file: 'src/checkout/start-checkout.ts',
    from: 'if (order.requestHash !== requestHash) {',
    to: `if (order.requestHash === '') {`,
    test: { file: checkout, name: 'of a used key with another body is refused' },
  },
  {
    name: 'a client holds as much as it asks for',
    promise: 'nobody hides the stock from others',
    file: placing,
    from: ' and exceeded is null',
    to: '',
    test: { file: 'test/http/stock-denial.test.ts', name: 'one network cannot hide any product' },
  },
  {
    name: 'concurrent requests of one client do not see each other',
    promise: 'nobody hides the stock from others',
    file: 'migrations/011_abuse_limits.sql',
    from: 'perform pg_advisory_xact_lock(hashtextextended(one, 0));',
    to: 'null;',
    test: {
      file: 'test/database/hold-limits.test.ts',
      name: 'when forty requests of one client come at once',
    },
  },
  {
    name: 'the key of a browser counts for everybody',
    promise: 'nobody can use the key of somebody else first',
    file: 'src/domain/checkout-key.ts',
    from: 'if (browserId !== null) return',
    to: 'if (browserId !== null) return key; if (browserId !== null) return',
    test: {
      file: 'test/http/checkout-keys.test.ts',
      name: 'that used it first, and leads to no order of theirs',
    },
  },
  {
    name: 'an order is placed under terms that have changed',
    promise: promises.charged,
    file: placing,
    from: ' and not is_outdated',
    to: '',
    test: { file: delivery, name: 'terms that change between a request and its placing' },
  },
  {
    name: 'a delivery is not paid',
    promise: promises.charged,
    file: 'src/domain/amounts.ts',
    from: 'discountCents + delivery.cents +',
    to: 'discountCents +',
    test: { file: delivery, name: 'a delivery is paid with the order' },
  },
  {
    name: 'two orders at once get the last use of a code',
    promise: promises.stock,
    file: 'migrations/016_tax_and_discounts.sql',
    from: 'perform from discount_codes where code = wanted for update;',
    to: 'perform 1;',
    test: { file: discounts, name: 'has its last use for one of two buyers who wait' },
  },
  {
    name: 'a cancelled order keeps its use of a code',
    promise: promises.stock,
    file: cancelling,
    from: 'if (cancelled.discountCode !== null) await releaseUse(sql, orderId);',
    to: 'void releaseUse;',
    test: { file: discounts, name: 'with a limit by address' },
  },
  {
    name: 'a unit is refunded twice',
    promise: promises.once,
    file: 'src/domain/refund.ts',
    from: 'shipped > refundable.shipped',
    to: 'qty > line.quantity',
    test: { file: 'test/payments/refunds-of-lines.test.ts', name: 'no unit comes back twice' },
  },
  {
    name: 'an order is placed in another currency than was shown',
    promise: promises.charged,
    file: placing,
    from: 'price_cents <> "unitPriceCents" or currency <> "quotedCurrency" as is_outdated',
    to: 'price_cents <> "unitPriceCents" as is_outdated',
    test: { file: delivery, name: 'is not sold for the same number that was shown in the other currency' },
  },
  {
    name: 'a total may become more than one payment can be',
    promise: promises.charged,
    file: placing,
    from: 'cents between 1 and ${largestTotalCents}',
    to: 'cents >= 1',
    test: { file: delivery, name: 'terms under which the total became more than one payment can be' },
  },
];

const interleavings = 'test/interleavings/interleavings.test.ts';

/** Locks, without which two transactions at once have a result that neither order of them has. */
export const locks: readonly Mutant[] = [
  {
    name: 'a dispatch does not lock the payment',
    promise: promises.stock,
    file: dispatching,
    from: `state = 'settled' for update`,
    to: `state = 'settled'`,
    test: { file: interleavings, name: 'have the result of one after the other' },
  },
  {
    name: 'a restock does not count held units',
    promise: promises.stock,
    file: 'src/database/transactions/restock.ts',
    from: 'restock_level - available - coalesce(held, 0)',
    to: 'restock_level - available',
    test: { file: 'test/http/restock.test.ts', name: 'counts held units' },
  },
  {
    name: 'only the payment is locked, and not its order',
    promise: promises.stock,
    file: 'src/database/transactions/lock-payment.ts',
    from: 'where order_id = :orderId ${lock}`',
    to: 'where order_id = :orderId ${lock.replace(", orders", "")}`',
    test: { file: interleavings, name: 'have the result of one after the other' },
  },
];

/** Refunds, and messages to buyers. */
export const refunds: readonly Mutant[] = [
  {
    name: 'a refund may exceed the payment',
    promise: promises.once,
    file: 'src/domain/refund.ts',
    from: 'amountCents > left || ',
    to: '',
    test: { file: 'test/payments/refunds.test.ts', name: 'in parts up to the total, and not a cent more' },
  },
  {
    name: 'an order is dispatched while its refund is due',
    promise: promises.charged,
    file: dispatching,
    from: `where order_id = :orderId and state = 'settled' for update`,
    to: 'where order_id = :orderId for update',
    test: { file: rules, name: 'an order whose money is on its way back is not dispatched' },
  },
  {
    name: 'a full refund restocks a dispatched order',
    promise: promises.stock,
    file: 'src/domain/refund.ts',
    from: `return full && status === 'paid';`,
    to: 'return full;',
    test: model,
  },
  {
    name: 'anybody may refund an order',
    promise: promises.operator,
    file: 'src/routes.ts',
    from: 'admitOperators(operators, operatorToken);',
    to: '',
    test: { file: 'test/payments/refused-refunds.test.ts', name: 'anybody without the token' },
  },
  {
    name: 'an unpaid order writes to an address that has never paid',
    promise: 'nobody sends messages to strangers through the shop',
    file: 'src/database/transactions/emails.ts',
    from: 'if (!payer) return;',
    to: 'void payer;',
    test: { file: 'test/http/email.test.ts', name: 'send nothing to an address that has never paid here' },
  },
  {
    name: 'an email is sent again when its workflow runs again',
    promise: 'one message per order and kind',
    file: 'src/database/transactions/emails.ts',
    from: 'where email_id = :emailId and sent_at is null`,\n      { emailId, ',
    to: 'where email_id = :emailId`,\n      { emailId, ',
    test: {
      file: 'test/workflows/email.test.ts',
      name: 'and whose work is started once more does not send what is sent',
    },
  },
];

/** Repairs by reconciliation. */
export const repairs: readonly Mutant[] = [
  {
    name: 'a payment without an event is never found',
    promise: promises.charged,
    file: compare,
    from: `return isUnpaid(payment.state);`,
    to: 'return false;',
    test: { file: 'test/workflows/compare.test.ts', name: 'a payment without any event is found' },
  },
  {
    name: 'an order is dispatched before a deferred refund event is applied',
    promise: promises.charged,
    file: dispatching,
    from: 'and not exists (select from deferred)',
    to: '',
    test: { file: 'test/payments/deferred-refund.test.ts', name: 'by an event that overtook' },
  },
  {
    name: 'a session stays open after its order has ended',
    promise: promises.charged,
    file: compare,
    from: `session.status === 'open' && payment.status !== 'pending'`,
    to: `session.status === 'open' && payment.status === 'pending'`,
    test: { file: 'test/workflows/compare.test.ts', name: 'a session that is left open although' },
  },
  {
    name: 'an event that came before its order is not applied later',
    promise: promises.charged,
    file: 'src/database/queries/reconciliation.ts',
    from: `deferred('unknown_order')`,
    to: `deferred('too_early')`,
    test: {
      file: 'test/workflows/compare.test.ts',
      name: 'an event about an unknown order is kept, and looked at again',
    },
  },
];
