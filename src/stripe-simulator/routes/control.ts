import type { FastifyError, FastifyInstance } from 'fastify';
import { z } from 'zod';
import { isFromOtherSite } from '../../shared/same-site.ts';
import { dispute, refund } from '../charges.ts';
import { resendEvent, selectEvent } from '../database/events.ts';
import { handleError, invalidRequest, missing, Refusal, reportError } from '../http/errors.ts';
import { isForm, sendDone, sendMessage } from '../http/html.ts';
import {
  type ById,
  filled,
  findOrRefuse,
  integer,
  metadata,
  noParameters,
  readParameters,
  text,
} from '../http/parameters.ts';
import { checkoutSessionObject, disputeObject, refundObject } from '../objects.ts';
import { payLate, selectSession, settle, startSettlement, type Transition } from '../sessions.ts';
import { eventObject, type SimulatorContext, type Transaction } from '../transaction.ts';
import { controlPages } from './control-pages.ts';
import { faultRoutes } from './faults.ts';
import { refusalOf } from './refunds.ts';

const customEvent = z.strictObject({
  id: z
    .string()
    .regex(/^\w{1,255}$/, 'Letters, digits and underscores')
    .optional(),
  type: text(100),
  object: z.record(z.string(), z.unknown()),
  livemode: z.boolean().optional(),
  created: integer(0, 99_999_999_999).optional(),
});

/** The control panel's pages and API: injected faults, and the actions of a provider's dashboard. */
export function controlRoutes(context: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.addHook('onRequest', async ({ method, headers }) => {
      if (method === 'GET' || !isFromOtherSite(headers, [headers.host ?? ''])) return;
      throw new Refusal({
        status: 403,
        type: 'invalid_request_error',
        message: 'Only the control panel itself and clients that are no browsers may do this.',
      });
    });
    server.setErrorHandler(async (error: FastifyError, request, reply) => {
      if (!isForm(request)) return handleError(error, request, reply);
      const { status, message } = reportError(error, request);
      return sendMessage(reply, status, {
        title: 'Not done',
        sentence: message,
        way_on: { address: '/control', label: 'Back to the control panel' },
      });
    });
    controlPages(server, context);
    faultRoutes(server, context);
    eventRoutes(server, context);
    actionRoutes(server, context);
  };
}

function eventRoutes(server: FastifyInstance, { transact }: SimulatorContext): void {
  server.post('/control/events', async (request, reply) => {
    const event = eventObject(readParameters(customEvent, request.body));
    const isNew = await transact((transaction) => transaction.emitCustom(event));
    if (isNew) return sendDone(request, reply, event);
    throw invalidRequest(`There is an event '${event.id}' already.`, { param: 'id' });
  });

  server.post<ById>('/control/events/:id/resend', async (request, reply) => {
    const resend = (id: string) =>
      transact(async (transaction) => {
        await resendEvent(transaction.sql, id);
        transaction.wakeDelivery();
        return selectEvent(transaction.sql, id);
      });
    const body = await findOrRefuse('event', request.params.id, resend);
    return sendDone(request, reply, JSON.parse(body) as object);
  });
}

/** Acts on a session and returns the result. Throws a Refusal when the session's status does not allow it. */
type SessionAction = (
  transaction: Transaction,
  id: string,
  body: unknown,
  context: SimulatorContext,
) => Promise<object>;

const refundParameters = z.strictObject({ amount: filled(integer(1, 99_999_999)), metadata });
const settlement = z.strictObject({ outcome: z.enum(['succeeded', 'failed']) });

const sessionActions: Readonly<Record<string, SessionAction>> = {
  async dispute(transaction, id, body) {
    readParameters(noParameters, body);
    const result = await dispute(transaction, id);
    if (result.outcome === 'disputed') return disputeObject(result.dispute, result.charge);
    if (result.outcome === 'unknown') throw missing('checkout.session', id);
    throw invalidRequest(`This Checkout Session cannot be disputed: ${result.outcome}.`);
  },

  async refund(transaction, id, body) {
    const { amount, metadata } = readParameters(refundParameters, body);
    const session = await findOrRefuse('checkout.session', id, (id) => selectSession(transaction.sql, id));
    const result = await refund(transaction, id, { amount, reason: 'requested_by_customer', metadata });
    if (result.outcome === 'refunded') return refundObject(result.refund);
    throw refusalOf(result, session.paymentIntent ?? '');
  },

  async late_payment(transaction, id, body, context) {
    readParameters(noParameters, body);
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

function actionRoutes(server: FastifyInstance, context: SimulatorContext): void {
  for (const [name, act] of Object.entries(sessionActions)) {
    server.post<ById>(`/control/sessions/:id/${name}`, async (request, reply) => {
      const actOn = (id: string) =>
        context.transact((transaction) => act(transaction, id, request.body, context));
      return sendDone(request, reply, await findOrRefuse('checkout.session', request.params.id, actOn));
    });
  }
}
