import type { OrderStatus } from '../../domain/order.ts';
import { inTransaction } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { sendToCheckout } from '../outbox.ts';

/**
 * Asks the checkout of a pending order to cancel it. The checkout first ends the payment session, so the order is cancelled a
 * moment later, or paid when the payment was faster. A repetition changes nothing.
 * @returns false when there is no such order
 */
export function requestCancellation(database: Database, token: string): Promise<boolean> {
  return inTransaction(database, async (sql) => {
    const [order] = await sql<{ orderId: number; status: OrderStatus; workflowId: string }>(
      `select order_id, status, (
         select workflow_id from due_work where workflow = 'resume-checkout' and id = orders.order_id
       ) as workflow_id
       from orders where token = :token for update`,
      { token },
    );
    if (order?.status === 'pending') {
      await sql(
        `insert into order_history (order_id, what)
         select :orderId, 'cancel_asked'
         where not exists (select from order_history where order_id = :orderId and what = 'cancel_asked')`,
        { orderId: order.orderId },
      );
      const { workflowId } = order;
      await sendToCheckout(sql, { workflowId, messageId: 'cancel', message: { cancel: true } });
    }
    return order !== undefined;
  });
}
