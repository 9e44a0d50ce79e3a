import { DBOS } from '@dbos-inc/dbos-sdk';
import type { OpenSession } from '../provider-call.ts';
import type { Item } from '../server.ts';
import type { Priced, Transactions } from './transactions.ts';

export const paymentTopic = 'payment';
export const paymentIdEvent = 'payment_id';
export const orderIdEvent = 'order_id';

const paymentWithinSeconds = 120;
const dispatchSteps = 10;

export interface WorkflowParts {
  readonly transactions: Transactions;
  /** Undefined for the tutorial as it was published: it calls no provider. */
  readonly openSession: OpenSession | undefined;
  readonly dispatchMs: number;
}

/** The tutorial's two workflows, step for step. @returns the checkout. */
export function registerWorkflows({ transactions, openSession, dispatchMs }: WorkflowParts) {
  const dispatchOrder = DBOS.registerWorkflow(
    async (orderId: number) => {
      for (let step = 0; step < dispatchSteps; step += 1) {
        await DBOS.sleep(dispatchMs / dispatchSteps);
        await transactions.advanceDispatch(orderId);
      }
    },
    { name: 'dispatchOrder' },
  );

  const paymentId = async (workflowId: string, { qty }: Item, { priceCents }: Priced): Promise<string> => {
    if (!openSession) return workflowId;
    const request = { reference: workflowId, quantity: qty, priceCents, currency: 'USD' };
    const { id } = await DBOS.runStep(() => openSession(request), { name: 'openSession' });
    return id;
  };

  return DBOS.registerWorkflow(
    async (item: Item) => {
      const product = await transactions.subtractInventory(item).catch(() => undefined);
      if (!product) return DBOS.setEvent(paymentIdEvent, null);
      const orderId = await transactions.createOrder(product.productId, item.qty);
      await DBOS.setEvent(paymentIdEvent, await paymentId(DBOS.workflowID ?? '', item, product));
      const word = await DBOS.recv<string>(paymentTopic, paymentWithinSeconds);
      // The buyers pay always; an order that nobody paid shows in the books.
      if (word === 'paid') {
        await transactions.markOrderPaid(orderId);
        await DBOS.startWorkflow(dispatchOrder)(orderId);
      }
      await DBOS.setEvent(orderIdEvent, orderId);
    },
    { name: 'checkout' },
  );
}
