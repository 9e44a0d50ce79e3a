import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SimulatorContext } from '../context.ts';
import { selectCharge } from '../database/charges.ts';
import { missing } from '../http/errors.ts';
import { expand, readParameters } from '../http/parameters.ts';
import { isIdentifier } from '../identifier.ts';
import { chargeObject, paymentIntentObject } from '../objects.ts';
import { findSession } from '../transitions.ts';

interface ById {
  Params: { id: string };
}

const intentRetrieval = z.strictObject({ expand: expand('latest_charge') });
const chargeRetrieval = z.strictObject({});

/** Payment intents and charges, which only the payment page makes. */
export function paymentIntentRoutes(server: FastifyInstance, context: SimulatorContext): void {
  server.get<ById>('/v1/payment_intents/:id', async (request) => {
    const wanted = readParameters(intentRetrieval, request.query).expand;
    const { id } = request.params;
    const session =
      id.startsWith('pi_') && isIdentifier(id)
        ? await context.transact((transaction) => findSession(transaction, id))
        : undefined;
    if (session === undefined) throw missing('payment_intent', id, 'intent');
    const charge = await selectCharge(context.sql, id);
    return paymentIntentObject(session, charge, wanted.includes('latest_charge'));
  });

  server.get<ById>('/v1/charges/:id', async (request) => {
    readParameters(chargeRetrieval, request.query);
    const { id } = request.params;
    const charge = id.startsWith('ch_') && isIdentifier(id) ? await selectCharge(context.sql, id) : undefined;
    if (charge === undefined) throw missing('charge', id);
    return chargeObject(charge);
  });
}
