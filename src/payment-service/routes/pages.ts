import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import type { ServiceContext } from '../context.ts';
import { reportError } from '../http/errors.ts';
import { contentSecurityPolicy } from '../http/security.ts';
import { isSessionId } from '../identifier.ts';
import { formTargets, paymentPage } from '../page.ts';
import { render } from '../render.ts';
import { cancelAddress, type Session, successAddress } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { decline, expire, findSession, pay, type Transition } from '../transitions.ts';

interface ById {
  Params: { id: string };
}

type Act = (transaction: Transaction, id: string) => Promise<Transition | undefined>;

/** The hosted payment page. Its buttons are forms, so it works without JavaScript. */
export function pageRoutes(context: ServiceContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.setErrorHandler(async (error: FastifyError, request, reply) => {
      return sendMessage(reply, reportError(error, request).status, {
        title: 'Not now',
        sentence:
          'The payment service cannot answer at the moment. Nothing was lost: load this page again in a moment.',
      });
    });

    server.get<ById>('/pay/:id', async (request, reply) => {
      const { id } = request.params;
      const session = isSessionId(id)
        ? await context.transact((transaction) => findSession(transaction, id))
        : undefined;
      return session === undefined ? sendUnknown(reply) : sendPage(reply, session);
    });

    formRoute(
      server,
      context,
      'pay',
      pay,
      (session) => session.status === 'complete' && successAddress(session),
    );
    formRoute(server, context, 'decline', decline, () => false);
    formRoute(
      server,
      context,
      'cancel',
      expire,
      (session) => session.status === 'expired' && cancelAddress(session),
    );
  };
}

/** Acts and redirects: to the shop when `target` names an address, else back to the page, which says how things stand. */
function formRoute(
  server: FastifyInstance,
  context: ServiceContext,
  verb: string,
  act: Act,
  target: (session: Session) => string | false,
): void {
  server.post<ById>(`/pay/:id/${verb}`, async (request, reply) => {
    const { id } = request.params;
    const transition = isSessionId(id)
      ? await context.transact((transaction) => act(transaction, id))
      : undefined;
    if (transition === undefined) return sendUnknown(reply);
    return reply.redirect(target(transition.session) || `/pay/${id}`, 303);
  });
}

async function sendPage(reply: FastifyReply, session: Session): Promise<FastifyReply> {
  reply.header('Content-Security-Policy', contentSecurityPolicy(formTargets(session)));
  return sendHtml(reply, await render('payment', paymentPage(session, new Date())));
}

function sendUnknown(reply: FastifyReply): Promise<FastifyReply> {
  return sendMessage(reply, 404, {
    title: 'No such payment',
    sentence: 'There is no payment at this address. Go back to the shop and follow its link again.',
  });
}

async function sendMessage(
  reply: FastifyReply,
  status: number,
  message: { title: string; sentence: string },
): Promise<FastifyReply> {
  return sendHtml(reply.code(status), await render('message', message));
}

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(html);
}
