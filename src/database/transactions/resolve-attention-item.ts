import type { Statement } from '../../shared/statement.ts';
import { workflowOfFailure } from '../workflow-ids.ts';
import { type AttentionSubject, resolveAttention } from './attention.ts';
import { lockPayment } from './lock-payment.ts';
import { recordRefundMade } from './refund-order.ts';
import { answerReturnRequest } from './request-return.ts';
import { isWorkflowActive, restartWorkflow } from './restart-workflows.ts';

/**
 * Takes an item off the attention list: its workflow is started again unless it still runs, or an operator has dealt with it. A
 * refund then counts as made, also for a workflow that still asks for it.
 * @param resolution the operator's remark; null to start the workflow again
 */
export async function resolveAttentionItem(
  sql: Statement,
  { attentionId, resolution }: { readonly attentionId: number; readonly resolution: string | null },
): Promise<'done' | 'unknown' | 'not_restartable'> {
  const item = await lockItem(sql, attentionId);
  if (!item) return 'unknown';
  const workflow = workflowOfFailure(item.kind);
  if (!workflow && resolution === null) return 'not_restartable';
  const id = Number(item.subject);
  if (item.kind === 'return_asked' && resolution !== null) {
    await answerReturnRequest(sql, id, resolution);
    return 'done';
  }
  if (workflow) {
    const isActive = await isWorkflowActive(sql, workflow, id);
    if (resolution === null && !isActive) await restartWorkflow(sql, workflow, id);
    if (resolution !== null && (!isActive || workflow === 'refund'))
      await recordDoneByHand(sql, { ...item, id });
  }
  await resolveAttention(sql, {
    ...item,
    resolution: resolution === null ? 'retried' : 'operator',
    note: resolution,
  });
  return 'done';
}

async function lockItem(sql: Statement, attentionId: number): Promise<AttentionSubject | undefined> {
  const select = `select kind, subject, order_id from attention
    where attention_id = :attentionId and resolved_at is null`;
  const [open] = await sql<AttentionSubject>(select, { attentionId });
  // The order before its item, as every transaction locks.
  if (open && open.orderId !== null) await lockPayment(sql, open.orderId);
  const [locked] = await sql<AttentionSubject>(`${select} for update`, { attentionId });
  return locked;
}

/** Prevents a second run of work that an operator did by hand: the refund counts as made, the email as not wanted. */
async function recordDoneByHand(
  sql: Statement,
  { kind, id, orderId }: AttentionSubject & { readonly id: number },
): Promise<void> {
  if (kind === 'refund_failed' && orderId !== null) {
    await recordRefundMade(sql, { orderId, refundId: id, providerRefundId: null });
  } else if (kind === 'email_failed') {
    await sql('update emails set sent_at = now() where email_id = :id and sent_at is null', { id });
  }
}
