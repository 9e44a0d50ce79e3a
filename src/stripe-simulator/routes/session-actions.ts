import { z } from 'zod';
import type { SimulatorContext } from '../context.ts';
import { selectSession } from '../database/sessions.ts';
import { invalidRequest, missing } from '../http/errors.ts';
import { integer, metadata, readParameters } from '../http/parameters.ts';
import { checkoutSessionObject, disputeObject, refundObject } from '../objects.ts';
import { dispute, refund } from '../refunds.ts';
import type { Transaction } from '../transaction.ts';
import { payLate, settle, startSettlement, type Transition } from '../transitions.ts';
import { refusalOf } from './refunds.ts';

/** Does something to a session and shows what came of it; refused when the session is in no state for it. */
type SessionAction = (
  transaction: Transaction,
  id: string,
  body: unknown,
  context: SimulatorContext,
) => Promise<object>;

// An empty field of a form is one that was not filled in.
const optionalAmount = z.preprocess(
  (value) => (value === '' ? undefined : value),
  integer(1, 99_999_999).optional(),
);
const nothing = z.strictObject({});
const refundBody = z.strictObject({ amount: optionalAmount, metadata });
const settlement = z.strictObject({ outcome: z.enum(['succeeded', 'failed']) });

/** What a person can do to a session, by its name in the address. */
export const sessionActions: Readonly<Record<string, SessionAction>> = {
  async dispute(transaction, id, body) {
    readParameters(nothing, body);
    const result = await dispute(transaction, id);
    if (result.outcome === 'disputed') return disputeObject(result.dispute, result.charge);
    if (result.outcome === 'unknown') throw missing('checkout.session', id);
    throw invalidRequest(`This Checkout Session cannot be disputed: ${result.outcome}.`);
  },

  async refund(transaction, id, body) {
    const { amount, metadata } = readParameters(refundBody, body);
    const session = await selectSession(transaction.sql, id);
    if (session === undefined) throw missing('checkout.session', id);
    const result = await refund(transaction, id, { amount, reason: 'requested_by_customer', metadata });
    if (result.outcome === 'refunded') return refundObject(result.refund);
    throw refusalOf(result, session.paymentIntent ?? '');
  },

  async late_payment(transaction, id, body, context) {
    readParameters(nothing, body);
    return shown(await payLate(transaction, id), id, context);
  },

  async complete_unpaid(transaction, id, body, context) {
    const { outcome } = readParameters(settlement.partial(), body);
    return shown(await startSettlement(transaction, id, outcome), id, context);
  },

  async settle_async(transaction, id, body, context) {
    const { outcome } = readParameters(settlement, body);
    return shown(await settle(transaction, id, outcome), id, context);
  },
};

function shown(transition: Transition | undefined, id: string, context: SimulatorContext): object {
  if (transition === undefined) throw missing('checkout.session', id);
  const { session, changed } = transition;
  if (changed) return checkoutSessionObject(session, context.publicUrl());
  throw invalidRequest(
    `This Checkout Session is ${session.status} and ${session.payment}: that cannot be done to it.`,
  );
}
