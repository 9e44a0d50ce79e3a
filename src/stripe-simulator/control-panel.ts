import { formatMoney } from '../shared/money.ts';
import type { EventRow } from './database/panel.ts';
import { type Fault, type FaultGroup, type FaultRates, type FaultSettings, faultGroups } from './faults.ts';
import type { Charge } from './money.ts';
import { referenceOf, type Session } from './session.ts';

const says: Readonly<Record<Fault, string>> = {
  api_error_before: 'Answers 500, nothing done',
  api_error_after: 'Does it, answers 500',
  api_timeout: 'Does it, never answers',
  api_slow: 'Does it, answers late',
  api_lost: 'Does it, breaks the connection',
  api_too_many: 'Answers 429, nothing done',
  api_html: 'Answers a 502 page, nothing done',
  api_garbage: 'Does it, answers what is not JSON',
  webhook_delay: 'Comes late',
  webhook_drop: 'Never comes',
  webhook_double: 'Comes twice',
  webhook_reorder: 'Comes after a later one of the same session',
  webhook_forge: 'A forged one comes before it',
};

const groupTitles: Readonly<Record<FaultGroup, string>> = { api: 'API calls', webhook: 'Webhooks' };

const settingSays: Readonly<Record<keyof FaultSettings, string>> = {
  slow_ms: 'A late answer takes',
  delay_ms: 'A late webhook takes',
  reorder_ms: 'A webhook waits for a later one at most',
  timeout_ms: 'A call without an answer is held for',
  settle_ms: 'A bank debit takes',
};

/** The faults as a form shows them. */
export function faultGroupViews(rates: FaultRates, hits: Readonly<Partial<Record<Fault, number>>>) {
  return Object.entries(faultGroups).map(([group, faults]) => ({
    title: groupTitles[group as FaultGroup],
    faults: faults.map((name) => ({
      name,
      says: says[name],
      rate: rates[name] ?? 0,
      hits: hits[name] ?? 0,
    })),
  }));
}

/** The settings as a form shows them. */
export function settingViews(settings: FaultSettings) {
  return Object.entries(settingSays).map(([name, text]) => ({
    name,
    says: text,
    value: settings[name as keyof FaultSettings],
  }));
}

/** One session with what can be done to it now. */
export function sessionView(session: Session, charge: Charge | undefined) {
  const rest = charge === undefined ? 0 : charge.amount - charge.amountRefunded;
  return {
    id: session.id,
    path: `/control/sessions/${session.id}`,
    page: `/pay/${session.id}`,
    reference: referenceOf(session) || session.id.slice(0, 16),
    amount: formatMoney({ cents: session.amountTotal, currency: session.currency }),
    stands: standing(session, charge),
    has_faults: session.faults !== null,
    is_open: session.status === 'open',
    can_settle: session.payment === 'processing',
    can_be_paid_late: session.status === 'expired',
    can_be_disputed: charge !== undefined && !charge.disputed,
    rest,
  };
}

function standing({ status, payment }: Session, charge: Charge | undefined): string {
  if (charge === undefined) return payment === 'unpaid' ? status : payment;
  const refunded = charge.amountRefunded === charge.amount ? 'refunded' : 'refunded in part';
  return ['paid', charge.amountRefunded > 0 && refunded, charge.disputed && 'disputed']
    .filter(Boolean)
    .join(', ');
}

/** One event with how its delivery stands. */
export function eventView(event: EventRow) {
  return {
    id: event.id,
    path: `/control/events/${event.id}/resend`,
    type: event.type,
    reference: event.reference ?? '',
    stands: deliveryStanding(event),
  };
}

function deliveryStanding({ delivered, withheld, attempts }: EventRow): string {
  if (withheld) return 'never sent';
  const tries = attempts === 1 ? '1 try' : `${attempts} tries`;
  if (delivered) return `delivered, ${tries}`;
  return attempts === 0 ? 'waiting' : `not accepted yet, ${tries}`;
}
