import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contentSecurityPolicy } from '../../shared/security-headers.ts';
import {
  type CardForm,
  type CardOutcome,
  cardOfBank,
  offeredForm,
  readCardForm,
  type TestCard,
} from '../cards.ts';
import { dispute } from '../charges.ts';
import { reportError } from '../http/errors.ts';
import { sendMessage, sendPage } from '../http/html.ts';
import type { ById } from '../http/parameters.ts';
import { cancelAddress, isIdentifier, type Session, successAddress } from '../model.ts';
import { formTargets, paymentPage } from '../payment-page.ts';
import { decline, expire, findSession, pay, startSettlement, type Transition } from '../sessions.ts';
import type { SimulatorContext, Transaction } from '../transaction.ts';

const millisecondsOfSlowCard = 5_000;

interface Page extends ById {
  Querystring: { card?: unknown };
  Body: { answer?: unknown } | undefined;
}

type SessionHandler = (
  session: Session,
  request: FastifyRequest<Page>,
  reply: FastifyReply,
) => Promise<FastifyReply>;

/** The hosted payment page. Its controls are forms, so it works without JavaScript. */
export function paymentPageRoutes(context: SimulatorContext) {
  const withSession =
    (handle: SessionHandler) =>
    async (request: FastifyRequest<Page>, reply: FastifyReply): Promise<FastifyReply> => {
      const { id } = request.params;
      const session = isIdentifier(id, 'cs_')
        ? await context.transact((transaction) => findSession(transaction, id))
        : undefined;
      return session === undefined ? sendUnknown(reply) : handle(session, request, reply);
    };

  return async (server: FastifyInstance): Promise<void> => {
    server.setErrorHandler(async (error: FastifyError, request, reply) => {
      return sendMessage(reply, reportError(error, request).status, {
        title: 'Not now',
        sentence:
          'The payment service cannot answer at the moment. Nothing was lost: load this page again in a moment.',
      });
    });

    server.get<Page>(
      '/pay/:id',
      withSession(async (session, request, reply) => {
        return sendPayment(context, reply, 'payment', session, offeredForm(request.query.card));
      }),
    );

    // The address of a page with the faults of its form. Loading it again starts anew.
    server.get<ById>('/pay/:id/pay', (request, reply) => reply.redirect(`/pay/${request.params.id}`, 303));

    server.post<Page>(
      '/pay/:id/pay',
      withSession(async (session, request, reply) => {
        if (session.status !== 'open') return leave(reply, session);
        const { card, form } = readCardForm(request.body, new Date());
        if (card === undefined) return sendPayment(context, reply.code(400), 'payment', session, form);
        if (card.outcome.kind === 'ask_bank') return reply.redirect(`/pay/${session.id}/bank`, 303);
        return leave(reply, await use(context, session, card.outcome), card);
      }),
    );

    server.get<Page>(
      '/pay/:id/bank',
      withSession(async (session, _request, reply) => {
        if (session.status !== 'open') return reply.redirect(`/pay/${session.id}`, 303);
        return sendPayment(context, reply, 'bank', session, offeredForm(undefined));
      }),
    );

    server.post<Page>(
      '/pay/:id/bank',
      withSession(async (session, request, reply) => {
        const isApproved = request.body?.answer === 'complete';
        const declined = { kind: 'decline', reason: 'authentication_required' } as const;
        return leave(
          reply,
          await use(context, session, isApproved ? { kind: 'approve' } : declined),
          cardOfBank,
        );
      }),
    );

    server.post<Page>(
      '/pay/:id/cancel',
      withSession(async (session, _request, reply) => {
        const ended = await context.transact((transaction) => expire(transaction, session.id));
        const isExpired = ended?.session.status === 'expired';
        return reply.redirect(isExpired ? cancelAddress(session) : `/pay/${session.id}`, 303);
      }),
    );
  };
}

/** Uses a card and returns the session after it. */
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
    case 'withhold_event':
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

/**
 * Redirects to the shop when the purchase is complete, otherwise to the page, which shows the session's status. After a decline the
 * form there still has the card.
 */
function leave(reply: FastifyReply, session: Session, card?: TestCard): FastifyReply {
  if (session.status === 'complete') return reply.redirect(successAddress(session), 303);
  const page = `/pay/${session.id}`;
  const keepsCard = card !== undefined && session.status === 'open';
  return reply.redirect(keepsCard ? `${page}?card=${encodeURIComponent(card.number)}` : page, 303);
}

function sendPayment(
  { businessName }: SimulatorContext,
  reply: FastifyReply,
  view: 'payment' | 'bank',
  session: Session,
  form: CardForm,
): Promise<FastifyReply> {
  reply.header('Content-Security-Policy', contentSecurityPolicy({ formTargets: formTargets(session) }));
  return sendPage(reply, view, paymentPage(session, form, new Date(), businessName));
}

function sendUnknown(reply: FastifyReply): Promise<FastifyReply> {
  return sendMessage(reply, 404, {
    title: 'No such payment',
    sentence: 'There is no payment at this address. Go back to the shop and follow its link again.',
  });
}
