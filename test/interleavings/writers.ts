import type { Database } from '../../src/database/connection.ts';
import { dispatchOrder } from '../../src/database/transactions/dispatch-order.ts';
import { forgetBrowser } from '../../src/database/transactions/erase-personal-data.ts';
import { endExecutor, takeOver } from '../../src/database/transactions/executors.ts';
import {
  ingestPaymentEvent,
  retryDeferredEvent,
} from '../../src/database/transactions/ingest-payment-event.ts';
import { notifyExpiredHolds } from '../../src/database/transactions/notify-expired-holds.ts';
import { placeOrder } from '../../src/database/transactions/place-order.ts';
import { shrinkRefund } from '../../src/database/transactions/record-external-refund.ts';
import { recordPaidSession, recordSession } from '../../src/database/transactions/record-session.ts';
import { markRefundMade, requestRefund } from '../../src/database/transactions/refund-order.ts';
import { requestCancellation } from '../../src/database/transactions/request-cancellation.ts';
import { restartMissingWorkflows } from '../../src/database/transactions/restart-workflows.ts';
import { addStock, raiseToRestockLevel } from '../../src/database/transactions/restock.ts';
import { settleOrCancel } from '../../src/database/transactions/settle-or-cancel.ts';
import { shipOrder } from '../../src/database/transactions/ship-order.ts';
import { inTransaction, statementsOf } from '../../src/shared/statement.ts';
import {
  browserId,
  context,
  discountCode,
  eventOf,
  type FixtureOrder,
  type InWorkflow,
  placementOf,
  type StateName,
  sku,
} from './states.ts';

/** The means of a writer. `name` distinguishes the two writers of a race. */
export interface Means {
  readonly database: Database;
  readonly order: FixtureOrder;
  readonly inWorkflow: InWorkflow;
  readonly name: 'one' | 'two';
}

/** A transaction that writes, or a few that belong together, and the states of the order in which it does something. */
export interface WriterKind {
  readonly name: string;
  readonly states: readonly StateName[];
  readonly write: (means: Means) => Promise<unknown>;
  /** Its loop runs it again within a second, and then it does what it skipped because of the other writer's locks. */
  readonly isRepeated?: true;
}

const ingest = ({ database }: Means, event: ReturnType<typeof eventOf>) =>
  ingestPaymentEvent(database, context, event);

const refund = ({ database, order, name }: Means, amountCents: number | undefined) =>
  requestRefund(database, {
    orderId: order.orderId,
    amountCents,
    restock: undefined,
    reason: 'broken',
    actor: 'operator',
    requestKey: name,
  });

const openStates = ['creating', 'open'] as const;

/** Every transaction about orders, stock and money. */
const writerKinds: readonly WriterKind[] = [
  {
    name: 'place an order for the last units',
    states: ['cancelled', 'open'],
    write: ({ database, name }) => placeOrder(statementsOf(database), placementOf(name, 2), null),
  },
  {
    name: 'place an order under one key',
    states: ['cancelled', 'open'],
    write: ({ database, name }) => placeOrder(statementsOf(database), placementOf('the key', 1, name), null),
  },
  {
    name: 'put a limit on the code',
    states: ['cancelled', 'open'],
    write: ({ database }) =>
      statementsOf(database)('update discount_codes set uses = 5 where code = :discountCode', {
        discountCode,
      }),
  },
  {
    name: 'record the session',
    states: ['creating'],
    write: ({ database, order: { orderId } }) =>
      recordSession(statementsOf(database), { orderId, sessionId: 'cs_1', url: 'https://pay.example/' }),
  },
  {
    name: 'ingest a paid event',
    states: [...openStates, 'cancelled', 'refunded too early'],
    write: (means) => ingest(means, eventOf(means.order, 'paid')),
  },
  {
    name: 'ingest a second event of the payment',
    states: [...openStates, 'cancelled'],
    write: (means) => ingest(means, eventOf(means.order, 'paid', { id: `evt_${means.name}` })),
  },
  {
    name: 'ingest the end of the session',
    states: openStates,
    write: (means) => ingest(means, eventOf(means.order, 'ended')),
  },
  {
    name: 'cancel an order whose session was ended',
    states: openStates,
    write: ({ order: { orderId }, inWorkflow }) =>
      inWorkflow(() => settleOrCancel({ orderId, sessionEnded: 'hold_expired' }, context)),
  },
  {
    name: 'settle a payment that the provider confirms',
    states: openStates,
    write: ({ order: { orderId }, inWorkflow }) =>
      inWorkflow(async () => {
        await recordPaidSession({ orderId, transactionId: 'pi_1', refundEvent: null });
        return settleOrCancel({ orderId, sessionEnded: null }, context);
      }),
  },
  {
    name: 'ask for a cancellation',
    states: ['open'],
    write: ({ database, order: { token } }) => requestCancellation(database, token),
  },
  {
    name: 'notify expired holds',
    states: ['hold expired'],
    write: ({ database }) => inTransaction(database, notifyExpiredHolds),
  },
  {
    name: 'dispatch',
    states: ['paid'],
    write: ({ order, inWorkflow }) => inWorkflow(() => dispatchOrder(order.orderId)),
  },
  {
    name: 'ship what is left',
    states: ['waits for an operator', 'paid'],
    write: ({ database, order: { orderId }, name: requestKey }) =>
      shipOrder(database, {
        orderId,
        items: undefined,
        carrier: 'Parcel Post',
        trackingNumber: requestKey,
        link: null,
        actor: 'operator',
        requestKey: `parcel ${requestKey}`,
      }),
  },
  {
    name: 'promise a full refund',
    states: ['paid', 'waits for an operator', 'dispatched', 'part of refund due'],
    write: (means) => refund(means, undefined),
  },
  {
    name: 'promise a refund of a part',
    states: ['paid', 'waits for an operator', 'dispatched', 'part of refund due'],
    write: (means) => refund(means, 600),
  },
  {
    name: 'record that a refund was made',
    states: ['refund due', 'part of refund due'],
    write: async ({ database, order: { orderId }, inWorkflow }) => {
      const { refundId } = await firstRefund(database, orderId);
      return inWorkflow(() => markRefundMade({ orderId, refundId, providerRefundId: 're_1' }));
    },
  },
  {
    name: 'shrink a refund',
    states: ['refund due'],
    write: async ({ database, order: { orderId }, inWorkflow }) => {
      const { refundId } = await firstRefund(database, orderId);
      return inWorkflow(() => shrinkRefund({ orderId, refundId, leftCents: 100 }));
    },
  },
  {
    name: 'ingest an external refund',
    states: ['paid', 'waits for an operator', 'dispatched', 'part of refund due'],
    write: (means) => ingest(means, eventOf(means.order, 'refunded')),
  },
  {
    name: 'retry a deferred refund event',
    states: ['refunded too early'],
    write: ({ database, order }) =>
      retryDeferredEvent(database, context, eventOf(order, 'refunded', { id: 'evt_0' })),
  },
  {
    name: 'ingest a dispute',
    states: ['paid', 'dispatched'],
    write: (means) => ingest(means, eventOf(means.order, 'disputed', { amountCents: 300 })),
  },
  {
    name: 'forget a browser',
    states: ['open', 'cancelled', 'paid'],
    write: ({ database }) => forgetBrowser(database, browserId),
  },
  {
    name: 'restock to the level',
    states: ['open', 'cancelled', 'paid'],
    write: ({ database, name }) => raiseToRestockLevel(database, { requestKey: name, actor: 'operator' }),
  },
  {
    name: 'add a delivery to stock',
    states: ['open', 'cancelled', 'paid'],
    write: ({ database }) =>
      addStock(database, { requestKey: 'delivery', actor: 'operator', sku, quantity: 1, reason: 'delivery' }),
  },
  {
    name: 'take over the work of a lost process',
    states: ['open', 'hold expired'],
    isRepeated: true,
    write: async ({ database, name }) => {
      await endExecutor(statementsOf(database), name);
      return takeOver(statementsOf(database), name);
    },
  },
  {
    name: 'restart missing workflows',
    states: ['dispatch lost'],
    write: ({ database }) => inTransaction(database, restartMissingWorkflows),
  },
];

async function firstRefund(database: Database, orderId: number): Promise<{ refundId: number }> {
  const [due] = await statementsOf(database)<{ refundId: number }>(
    'select refund_id from refunds where order_id = :orderId order by refund_id limit 1',
    { orderId },
  );
  if (!due) return { refundId: 0 };
  return due;
}

/** Two writers and a state of the order to race in. */
export interface Pair {
  readonly kinds: readonly [WriterKind, WriterKind];
  readonly state: StateName;
}

/** All pairs, each kind with itself included: in every state in which both do something, or else in the first of each. */
export function allPairs(): Pair[] {
  return writerKinds.flatMap((first, index) =>
    writerKinds.slice(index).flatMap((second) => {
      const common = first.states.filter((state) => second.states.includes(state));
      const chosen = common.length > 0 ? common : [...first.states.slice(0, 1), ...second.states.slice(0, 1)];
      return chosen.map((state) => ({ kinds: [first, second] as const, state }));
    }),
  );
}

const racing = [
  'put a limit on the code',
  'place an order for the last units',
  'ingest a paid event',
  'cancel an order whose session was ended',
  'dispatch',
  'ship what is left',
  'promise a full refund',
  'record that a refund was made',
  'add a delivery to stock',
];

/** The pairs that race for money or units, each in one state. */
export function racingPairs(): Pair[] {
  const chosen = allPairs().filter(({ kinds }) => kinds.every(({ name }) => racing.includes(name)));
  return chosen.filter(
    ({ kinds: [first, second] }, index) =>
      index === chosen.findIndex(({ kinds }) => kinds[0] === first && kinds[1] === second),
  );
}
