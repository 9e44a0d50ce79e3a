import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  countHits,
  resetFaults,
  selectFaults,
  selectSessionFaults,
  updateFaults,
  updateSessionFaults,
} from '../database/faults.ts';
import { type FaultRates, faultNames, faultsOf, faultTimes } from '../faults.ts';
import { invalidRequest, missing } from '../http/errors.ts';
import { sendDone } from '../http/html.ts';
import { type ById, filled, integer, readParameters, text } from '../http/parameters.ts';
import { isIdentifier } from '../model.ts';
import type { SimulatorContext } from '../transaction.ts';

const rate = filled(
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d*\.?\d+$/)
        .transform(Number),
    ])
    .pipe(z.number().min(0).max(1)),
);
const rates = each(faultNames, rate);
const generalFaults = z.strictObject({
  seed: filled(z.union([z.number().transform(String), text(200)])),
  faults: rates,
  settings: each(Object.keys(faultTimes), filled(integer(0, 60_000))),
});
const sessionFaults = z.strictObject({ faults: rates });

/** An object with any of the names. Names without a value are left out. */
function each(names: readonly string[], value: z.ZodType<number | undefined>) {
  return z
    .strictObject(Object.fromEntries(names.map((name) => [name, value])))
    .prefault({})
    .transform(
      (given): Readonly<Record<string, number>> =>
        Object.fromEntries(
          Object.entries(given).flatMap(([name, item]) => (item === undefined ? [] : [[name, item]])),
        ),
    );
}

/** The control panel's API for injected faults. */
export function faultRoutes(server: FastifyInstance, { sql, transact }: SimulatorContext): void {
  const show = async (): Promise<object> => {
    const { seed, rates, settings } = await selectFaults(sql);
    const sessions = await selectSessionFaults(sql);
    return { seed, general: rates, sessions, settings, hits: await countHits(sql) };
  };
  const change = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const given = readParameters(generalFaults, request.body);
    await updateFaults(sql, { ...given, faults: checkedRates(given.faults) });
    return sendDone(request, reply, await show());
  };
  const changeSession = async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const { id } = request.params;
    const faults = checkedRates(readParameters(sessionFaults, request.body).faults);
    const isChanged = isIdentifier(id) && (await updateSessionFaults(sql, id, faults));
    if (!isChanged) throw missing('checkout.session', id);
    return sendDone(request, reply, await show());
  };
  const reset = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    await transact((transaction) => resetFaults(transaction.sql));
    return sendDone(request, reply, await show());
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

/**
 * The rates above 0.
 * @throws Refusal when the rates of a group exceed 1 in sum
 */
function checkedRates(given: FaultRates): FaultRates {
  const rates: FaultRates = Object.fromEntries(Object.entries(given).filter(([, rate]) => rate > 0));
  for (const group of ['api', 'webhook'] as const) {
    const sum = faultsOf(group).reduce((total, fault) => total + (rates[fault] ?? 0), 0);
    // The tolerance is for floating-point sums: ten times 0.1 is not exactly 1.
    if (sum <= 1 + 1e-9) continue;
    throw invalidRequest(`The rates of the ${group} faults add up to ${sum}; their maximum is 1.`, {
      param: 'faults',
    });
  }
  return rates;
}
