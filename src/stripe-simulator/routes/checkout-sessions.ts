import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SimulatorContext } from '../context.ts';
import { selectCharge } from '../database/charges.ts';
import { insertSession, type SessionRow, toSession } from '../database/sessions.ts';
import { invalidRequest, missing } from '../http/errors.ts';
import { sendOnce } from '../http/idempotent.ts';
import { listParameters, readPage } from '../http/list.ts';
import { checkExpiry, readNewSession } from '../http/new-session.ts';
import { expand, readParameters, text } from '../http/parameters.ts';
import { isIdentifier } from '../identifier.ts';
import { checkoutSessionObject, listObject, paymentIntentObject } from '../objects.ts';
import type { Session } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { expire, findSession } from '../transitions.ts';

interface ById {
  Params: { id: string };
}

const nothing = z.strictObject({});
const retrieval = z.strictObject({ expand: expand('payment_intent', 'payment_intent.latest_charge') });
const listing = listParameters({ payment_intent: text(255).optional() });

/** Checkout Sessions: create, read, list, expire. */
export function checkoutSessionRoutes(server: FastifyInstance, context: SimulatorContext): void {
  const show = (session: Session): object => checkoutSessionObject(session, context.publicUrl());

  server.post('/v1/checkout/sessions', async (request, reply) => {
    const asked = readNewSession(request.body, new Date());
    return sendOnce(context, request, reply, async ({ sql }) => {
      // Looked at here and not with the other parameters: a replay after the session's end is still a replay.
      checkExpiry(asked, new Date());
      return show(await insertSession(sql, asked));
    });
  });

  server.get('/v1/checkout/sessions', async (request) => {
    const { payment_intent: intent, ...cursor } = readParameters(listing, request.query);
    const source = {
      from: 'sessions',
      where: intent === undefined ? [] : ['payment_intent = :intent'],
      bindings: intent === undefined ? {} : { intent },
    };
    const page = await readPage<SessionRow>(context.sql, 'checkout.session', source, cursor);
    const data = page.rows.map((row) => show(toSession(row)));
    return listObject('/v1/checkout/sessions', data, page.hasMore);
  });

  server.get<ById>('/v1/checkout/sessions/:id', async (request) => {
    const wanted = readParameters(retrieval, request.query).expand;
    const session = await context.transact((transaction) => find(transaction, request.params.id));
    if (wanted.length === 0 || session.paymentIntent === null) return show(session);
    const charge = await selectCharge(context.sql, session.id);
    const intent = paymentIntentObject(session, charge, wanted.includes('payment_intent.latest_charge'));
    return checkoutSessionObject(session, context.publicUrl(), intent);
  });

  server.post<ById>('/v1/checkout/sessions/:id/expire', async (request, reply) => {
    readParameters(nothing, request.body);
    return sendOnce(context, request, reply, async (transaction) => {
      const { id } = await find(transaction, request.params.id);
      const transition = await expire(transaction, id);
      if (transition?.changed) return show(transition.session);
      throw invalidRequest(
        `Only Checkout Sessions with a status in ["open"] can be expired. ` +
          `This Checkout Session has a status of \`${transition?.session.status}\`.`,
      );
    });
  });
}

async function find(transaction: Transaction, id: string): Promise<Session> {
  const session = id.startsWith('cs_') && isIdentifier(id) ? await findSession(transaction, id) : undefined;
  if (session === undefined) throw missing('checkout.session', id, 'session');
  return session;
}
