import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type CardForm, type CardOutcome, offeredForm, readCardForm } from '../cards.ts';
import type { SimulatorContext } from '../context.ts';
import { reportError } from '../http/errors.ts';
import { sendHtml, sendMessage } from '../http/html.ts';
import { contentSecurityPolicy } from '../http/security.ts';
import { isIdentifier } from '../identifier.ts';
import { formTargets, paymentPage } from '../page.ts';
import { dispute } from '../refunds.ts';
import { render } from '../render.ts';
import { cancelAddress, type Session, successAddress } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { decline, expire, findSession, pay, startSettlement, type Transition } from '../transitions.ts';

const millisecondsOfSlowCard = 5_000;

interface ById {
  Params: { id: string };
  Querystring: { card?: unknown };
  Body: { answer?: unknown } | undefined;
}

/** The hosted payment page. Everything on it is a form, so it works without JavaScript. */
export function pageRoutes(context: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.setErrorHandler(async (error: FastifyError, request, reply) => {
      return sendMessage(reply, reportError(error, request).status, {
        title: 'Not now',
        sentence:
          'The payment service cannot answer at the moment. Nothing was lost: load this page again in a moment.',
      });
    });

    server.get<ById>('/pay/:id', async (request, reply) => {
      const session = await sessionOf(request, context);
      if (session === undefined) return sendUnknown(reply);
      return sendPage(reply, 'payment', session, offeredForm(request.query.card));
    });

    // The address of a page that says what is wrong in the form; whoever loads it again starts anew.
    server.get<ById>('/pay/:id/pay', (request, reply) => reply.redirect(`/pay/${request.params.id}`, 303));

    server.post<ById>('/pay/:id/pay', async (request, reply) => {
      const session = await sessionOf(request, context);
      if (session === undefined) return sendUnknown(reply);
      if (session.status !== 'open') return leave(reply, session);
      const { card, form } = readCardForm(request.body, new Date());
      if (card === undefined) return sendPage(reply.code(400), 'payment', session, form);
      if (card.outcome.kind === 'ask_bank') return reply.redirect(`/pay/${session.id}/bank`, 303);
      return leave(reply, await use(context, session, card.outcome));
    });

    server.get<ById>('/pay/:id/bank', async (request, reply) => {
      const session = await sessionOf(request, context);
      if (session === undefined) return sendUnknown(reply);
      if (session.status !== 'open') return reply.redirect(`/pay/${session.id}`, 303);
      return sendPage(reply, 'bank', session, offeredForm(undefined));
    });

    server.post<ById>('/pay/:id/bank', async (request, reply) => {
      const session = await sessionOf(request, context);
      if (session === undefined) return sendUnknown(reply);
      const outcome: CardOutcome =
        request.body?.answer === 'complete'
          ? { kind: 'approve' }
          : { kind: 'decline', reason: 'authentication_required' };
      return leave(reply, await use(context, session, outcome));
    });

    server.post<ById>('/pay/:id/cancel', async (request, reply) => {
      const session = await sessionOf(request, context);
      if (session === undefined) return sendUnknown(reply);
      const ended = await context.transact((transaction) => expire(transaction, session.id));
      const isEnded = ended?.session.status === 'expired';
      return reply.redirect(isEnded ? cancelAddress(session) : `/pay/${session.id}`, 303);
    });
  };
}

/** Uses a card and gives the session as it is afterwards. */
async function use(context: SimulatorContext, session: Session, outcome: CardOutcome): Promise<Session> {
  if (outcome.kind === 'approve_slowly') {
    await sleep(millisecondsOfSlowCard, undefined, { signal: context.closing });
  }
  const transition = await context.transact((transaction) => act(transaction, session.id, outcome));
  return transition?.session ?? session;
}

async function act(
  transaction: Transaction,
  id: string,
  outcome: CardOutcome,
): Promise<Transition | undefined> {
  switch (outcome.kind) {
    case 'decline':
      return decline(transaction, id, outcome.reason);
    case 'settle':
      return startSettlement(transaction, id, outcome.outcome);
    case 'never_tell':
      return pay(transaction, id, { withheld: true });
    case 'dispute': {
      const transition = await pay(transaction, id);
      if (transition?.changed) await dispute(transaction, id);
      return transition;
    }
    case 'approve':
    case 'approve_slowly':
    case 'ask_bank':
      return pay(transaction, id);
  }
}

async function sessionOf(
  request: FastifyRequest<ById>,
  { transact }: SimulatorContext,
): Promise<Session | undefined> {
  const { id } = request.params;
  if (!id.startsWith('cs_') || !isIdentifier(id)) return undefined;
  return transact((transaction) => findSession(transaction, id));
}

/** To the shop when the purchase is complete, else back to the page, which says how things stand. */
function leave(reply: FastifyReply, session: Session): FastifyReply {
  return reply.redirect(session.status === 'complete' ? successAddress(session) : `/pay/${session.id}`, 303);
}

async function sendPage(
  reply: FastifyReply,
  view: 'payment' | 'bank',
  session: Session,
  form: CardForm,
): Promise<FastifyReply> {
  reply.header('Content-Security-Policy', contentSecurityPolicy(formTargets(session)));
  return sendHtml(reply, await render(view, paymentPage(session, form, new Date())));
}

function sendUnknown(reply: FastifyReply): Promise<FastifyReply> {
  return sendMessage(reply, 404, {
    title: 'No such payment',
    sentence: 'There is no payment at this address. Go back to the shop and follow its link again.',
  });
}
