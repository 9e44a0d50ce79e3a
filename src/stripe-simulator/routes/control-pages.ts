import type { FastifyInstance } from 'fastify';
import { formatMoney } from '../../shared/money.ts';
import { selectCharge } from '../charges.ts';
import { type EventStatus, selectNewestEvents } from '../database/events.ts';
import { countHits, selectFaults } from '../database/faults.ts';
import {
  type Fault,
  type FaultGroup,
  type FaultRates,
  type FaultSettings,
  faultGroups,
  faultTimes,
} from '../faults.ts';
import { sendMessage, sendPage } from '../http/html.ts';
import type { ById } from '../http/parameters.ts';
import { type Charge, isIdentifier, referenceOf, type Session } from '../model.ts';
import { selectNewestSessions, selectSession } from '../sessions.ts';
import type { SimulatorContext } from '../transaction.ts';

const rowsShown = 20;

/** The pages of the control panel. Their controls are forms, so they work without JavaScript. */
export function controlPages(server: FastifyInstance, { sql }: SimulatorContext): void {
  server.addHook('onRequest', async (_request, reply) => {
    // With the policy no-referrer a browser sends no origin either, and the panel's own forms need one.
    reply.header('Referrer-Policy', 'same-origin');
  });

  // `npm start` prints the simulator's address, and the panel is its one page for everybody.
  server.get('/', async (_request, reply) => reply.redirect('/control', 303));

  server.get('/control', async (_request, reply) => {
    const { seed, rates, settings } = await selectFaults(sql);
    const sessions = await selectNewestSessions(sql, rowsShown);
    const charges = await Promise.all(sessions.map(({ id }) => selectCharge(sql, id)));
    const events = await selectNewestEvents(sql, rowsShown);
    return sendPage(reply, 'control', {
      seed,
      groups: faultGroupViews(rates, await countHits(sql)),
      settings: settingViews(settings),
      sessions: sessions.map((session, index) => sessionView(session, charges[index])),
      events: events.map(eventView),
    });
  });

  server.get<ById>('/control/sessions/:id', async (request, reply) => {
    const { id } = request.params;
    const session = isIdentifier(id) ? await selectSession(sql, id) : undefined;
    if (session === undefined) {
      const sentence = 'There is no session at this address.';
      return sendMessage(reply, 404, { title: 'No such session', sentence });
    }
    const { rates } = await selectFaults(sql);
    return sendPage(reply, 'control-session', {
      session: sessionView(session, await selectCharge(sql, session.id)),
      groups: faultGroupViews(session.faults ?? rates, {}),
    });
  });
}

const groupTitles: Readonly<Record<FaultGroup, string>> = { api: 'API calls', webhook: 'Webhooks' };

function faultGroupViews(rates: FaultRates, hits: Readonly<Partial<Record<Fault, number>>>) {
  return Object.entries(faultGroups).map(([group, labels]) => ({
    title: groupTitles[group as FaultGroup],
    faults: (Object.entries(labels) as [Fault, string][]).map(([name, label]) => ({
      name,
      label,
      rate: rates[name] ?? 0,
      hits: hits[name] ?? 0,
    })),
  }));
}

function settingViews(settings: FaultSettings) {
  return Object.entries(faultTimes).map(([name, { label }]) => ({
    name,
    label,
    value: settings[name as keyof FaultSettings],
  }));
}

/** A session with the actions that its status allows. */
function sessionView(session: Session, charge: Charge | undefined) {
  const rest = charge === undefined ? 0 : charge.amount - charge.amountRefunded;
  return {
    id: session.id,
    path: `/control/sessions/${session.id}`,
    page: `/pay/${session.id}`,
    reference: referenceOf(session) || session.id.slice(0, 16),
    amount: formatMoney({ cents: session.amountTotal, currency: session.currency }),
    status: sessionStatus(session, charge),
    has_faults: session.faults !== null,
    is_open: session.status === 'open',
    can_settle: session.payment === 'processing',
    can_be_paid_late: session.status === 'expired',
    can_be_disputed: charge !== undefined && !charge.disputed,
    rest,
  };
}

function sessionStatus({ status, payment }: Session, charge: Charge | undefined): string {
  if (charge === undefined) return payment === 'unpaid' ? status : payment;
  const refunded = charge.amountRefunded === charge.amount ? 'refunded' : 'refunded in part';
  return ['paid', charge.amountRefunded > 0 && refunded, charge.disputed && 'disputed']
    .filter(Boolean)
    .join(', ');
}

/** An event with the status of its delivery. */
function eventView(event: EventStatus) {
  return {
    id: event.id,
    path: `/control/events/${event.id}/resend`,
    type: event.type,
    reference: event.reference ?? '',
    status: deliveryStatus(event),
  };
}

function deliveryStatus({ delivered, withheld, attempts }: EventStatus): string {
  if (withheld) return 'never sent';
  const tries = attempts === 1 ? '1 try' : `${attempts} tries`;
  if (delivered) return `delivered, ${tries}`;
  return attempts === 0 ? 'waiting' : `not accepted yet, ${tries}`;
}
