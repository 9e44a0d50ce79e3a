import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SimulatorContext } from '../context.ts';
import { resendEvent, selectEvent } from '../database/events.ts';
import {
  countHits,
  resetFaults,
  selectFaults,
  selectSessionFaults,
  updateFaults,
} from '../database/faults.ts';
import { updateSessionFaults } from '../database/sessions.ts';
import { eventObject } from '../event.ts';
import { handleError, invalidRequest, missing, reportError } from '../http/errors.ts';
import { readFaultChange, readSessionFaults } from '../http/fault-change.ts';
import { sendMessage } from '../http/html.ts';
import { integer, readParameters, text } from '../http/parameters.ts';
import { refuseOtherSites } from '../http/same-site.ts';
import { isIdentifier } from '../identifier.ts';
import type { Transaction } from '../transaction.ts';
import { controlPages } from './control-pages.ts';
import { sessionActions } from './session-actions.ts';

interface ById {
  Params: { id: string };
}

const anyEvent = z.strictObject({
  id: z
    .string()
    .regex(/^\w{1,255}$/, 'Letters, digits and underscores')
    .optional(),
  type: text(100),
  object: z.record(z.string(), z.unknown()),
  livemode: z.boolean().optional(),
  created: integer(0, 99_999_999_999).optional(),
});

/** The control panel's API: what goes wrong on purpose, and what a person can do in a provider's dashboard. */
export function controlRoutes(context: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.addHook('onRequest', async (request) => {
      if (request.method !== 'GET') refuseOtherSites(request);
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
    for (const [name, act] of Object.entries(sessionActions)) {
      server.post<ById>(`/control/sessions/:id/${name}`, async (request, reply) => {
        const { id } = request.params;
        if (!id.startsWith('cs_') || !isIdentifier(id)) throw missing('checkout.session', id);
        const done = await context.transact((transaction) => act(transaction, id, request.body, context));
        return send(request, reply, done);
      });
    }
  };
}

function faultRoutes(server: FastifyInstance, { sql, transact }: SimulatorContext): void {
  const show = async (): Promise<object> => {
    const { seed, rates, settings } = await selectFaults(sql);
    const sessions = await selectSessionFaults(sql);
    return { seed, general: rates, sessions, settings, hits: await countHits(sql) };
  };
  const change = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    await updateFaults(sql, readFaultChange(request.body));
    return send(request, reply, await show());
  };
  const changeSession = async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const { id } = request.params;
    const faults = readSessionFaults(request.body);
    if (!isIdentifier(id) || !(await updateSessionFaults(sql, id, faults)))
      throw missing('checkout.session', id);
    return send(request, reply, await show());
  };
  const reset = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    await transact((transaction) => resetFaults(transaction.sql));
    return send(request, reply, await show());
  };

  server.get('/control/faults', show);
  server.put('/control/faults', change);
  server.delete('/control/faults', reset);
  server.put<ById>('/control/sessions/:id/faults', changeSession);
  // Forms can only post.
  server.post('/control/faults', change);
  server.post('/control/faults/off', reset);
  server.post<ById>('/control/sessions/:id/faults', changeSession);
}

function eventRoutes(server: FastifyInstance, { transact }: SimulatorContext): void {
  server.post('/control/events', async (request, reply) => {
    const event = eventObject(readParameters(anyEvent, request.body));
    const { data, ...details } = event;
    const isNew = await transact((transaction) =>
      transaction.emitAnything({ ...details, object: data.object }),
    );
    if (isNew) return send(request, reply, event);
    throw invalidRequest(`There is an event '${event.id}' already.`, { param: 'id' });
  });

  server.post<ById>('/control/events/:id/resend', async (request, reply) => {
    const { id } = request.params;
    const body = isIdentifier(id) ? await transact((transaction) => resend(transaction, id)) : undefined;
    if (body === undefined) throw missing('event', id);
    return send(request, reply, JSON.parse(body) as object);
  });
}

async function resend(transaction: Transaction, id: string): Promise<string | undefined> {
  if (!(await resendEvent(transaction.sql, id))) return undefined;
  transaction.wakeDelivery();
  return selectEvent(transaction.sql, id);
}

/** The panel's forms come back to the panel, everybody else gets the object. */
function send(request: FastifyRequest, reply: FastifyReply, done: object): FastifyReply {
  return isForm(request) ? reply.redirect('/control', 303) : reply.send(done);
}

function isForm(request: FastifyRequest): boolean {
  return request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
}
