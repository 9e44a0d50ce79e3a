import type { AttentionReason } from '../../domain/attention.ts';
import { statementsOf } from '../../shared/statement.ts';
import { contradictoryOrdersSql } from '../audit.ts';
import type { Database } from '../connection.ts';
import type { AttentionRow, OrderRow, PaymentRow } from '../tables.ts';

/** Most attention items that one page shows. */
export const attentionPerPage = 100;

/** An open attention item, with its reason and the token of its order. */
export type OpenAttentionItem = Omit<AttentionRow, 'reason' | 'detail'> & {
  readonly reason: AttentionReason;
  readonly token: string | null;
};

// A dispute has a deadline at the provider, so no number of other items may hide it.
const place = `(kind <> 'dispute', attention_id)`;

/**
 * Lists a page of the open attention items: disputes first, then the others, each oldest first.
 * @param after the last number of the page before; that item may have been resolved meanwhile
 */
export async function listAttention(database: Database, after?: number): Promise<OpenAttentionItem[]> {
  const query = database('attention')
    .leftJoin('orders', 'orders.order_id', 'attention.order_id')
    .whereNull('resolved_at')
    .orderByRaw(place.slice(1, -1))
    .limit(attentionPerPage)
    .select<(AttentionRow & { token: string | null })[]>('attention.*', 'token');
  const rows = await (after === undefined
    ? query
    : query.whereRaw(
        `${place} > (coalesce((select kind <> 'dispute' from attention where attention_id = :after), true), :after)`,
        { after },
      ));
  return rows.map(({ reason: code, detail, ...row }) => ({
    ...row,
    reason: { code, ...detail } as AttentionReason,
  }));
}

/** The totals of reconciliation in one scope, and its newest report. */
export interface ReconciliationRow {
  scope: 'shop' | 'provider';
  runs: number;
  lastRunAt: Date;
  repaired: Record<string, number>;
  report: Record<string, unknown>;
}

/** Lists the totals and reports of reconciliation, one row per scope. */
export function listReconciliations(database: Database): Promise<ReconciliationRow[]> {
  return database('reconciliation').orderBy('scope').select<ReconciliationRow[]>('*');
}

const eventsPerRun = 100;
/** Days for which an event is kept that may be about an order or a charge that becomes known. */
export const daysToTry = 30;

// The provider may report a payment before the commit of its order.
const minutesToBecomeKnown = 10;

/** A deferred event. `overdue`: its order should be known by now. */
export interface DeferredEvent {
  readonly body: unknown;
  /** The buyer's address, while the order of a payment is unknown. */
  readonly email: string | null;
  readonly overdue: boolean;
}

/**
 * Lists deferred events, those that were tried longest ago first: as many about known orders as about unknown ones, so that these
 * do not delay those. Events that wait for their charge are not tried one by one.
 */
export async function listDeferredEvents(database: Database): Promise<DeferredEvent[]> {
  const sql = statementsOf(database);
  const tooEarly = await sql<DeferredEvent>(deferred('too_early'));
  return [...tooEarly, ...(await sql<DeferredEvent>(deferred('unknown_order')))];
}

// No event is tried before it is received, so the second condition on the time keeps the index scan away from the oldest ones.
const deferred = (outcome: 'too_early' | 'unknown_order') => `
  select body, email, received_at < now() - interval '${minutesToBecomeKnown} minutes' as overdue
  from payment_events
  where outcome = '${outcome}' and transaction_id is null
    and received_at > now() - interval '${daysToTry} days' and tried_at > now() - interval '${daysToTry} days'
  order by tried_at limit ${eventsPerRun}`;

/** Finds out which of the given events are recorded. @returns their ids */
export async function knownEvents(database: Database, eventIds: readonly string[]): Promise<Set<string>> {
  const rows = await database('payment_events')
    .whereRaw('event_id = any(?)', [[...eventIds]])
    .select<{ eventId: string }[]>('event_id');
  return new Set(rows.map(({ eventId }) => eventId));
}

/** The state of a payment and its order. */
export type PaymentStatus = Omit<PaymentRow, 'url' | 'transactionId' | 'refundedCents' | 'updatedAt'> &
  Pick<OrderRow, 'token' | 'status'>;

/** The payments of the given orders, by order. */
export async function findPayments(
  database: Database,
  orderIds: readonly number[],
): Promise<Map<number, PaymentStatus>> {
  const rows = await database('payments')
    .join('orders', 'orders.order_id', 'payments.order_id')
    .whereRaw('payments.order_id = any(?)', [[...orderIds]])
    .select<PaymentStatus[]>(
      'payments.order_id',
      'token',
      'session_id',
      'amount_cents',
      'payments.currency',
      'state',
      'status',
    );
  return new Map(rows.map((row) => [row.orderId, row]));
}

/** The sums of promise 3 and of the money, over all orders. Amounts in minor units, by currency. */
export interface Accounts {
  readonly stock: readonly {
    readonly sku: string;
    /** Its name. */
    readonly product: string;
    readonly available: number;
    readonly held: number;
    readonly sold: number;
    readonly supplied: number;
    readonly balanced: boolean;
  }[];
  /** Discount codes with a limited number of uses. */
  readonly codes: readonly {
    readonly code: string;
    readonly free: number;
    readonly held: number;
    readonly used: number;
    readonly issued: number;
    readonly balanced: boolean;
  }[];
  readonly money: readonly {
    readonly currency: string;
    readonly charged: number;
    readonly refunded: number;
    readonly refund_due: number;
    readonly earned: number;
  }[];
  /** Orders whose status and payment contradict each other; there are none. */
  readonly contradictions: number;
}

const running = new WeakMap<Database, Promise<Accounts>>();

/**
 * Adds up stock and money as they are now. The cost grows with the orders, so only operators and the hourly comparison ask for it, and
 * callers at the same time share one calculation on one connection.
 */
export function readAccounts(database: Database): Promise<Accounts> {
  let accounts = running.get(database);
  if (!accounts) {
    accounts = addUp(database).finally(() => running.delete(database));
    running.set(database, accounts);
  }
  return accounts;
}

async function addUp(database: Database): Promise<Accounts> {
  const sql = statementsOf(database);
  const stock = await database('stock_accounts')
    .join('products', 'products.product_id', 'stock_accounts.product_id')
    .orderBy('products.sku')
    .select('products.sku', 'product', 'available', 'held', 'sold', 'supplied', 'balanced');
  const codes = await database('discount_accounts')
    .whereNotNull('issued')
    .orderByRaw('balanced, code')
    .limit(mostCodes)
    .select('code', 'free', 'held', 'used', 'issued', 'balanced');
  const [money] = await sql<{ sums: Accounts['money'] }>(moneySums);
  const [contradictions] = await sql<{ count: number }>(contradictoryOrders);
  return { stock, codes, money: money?.sums ?? [], contradictions: contradictions?.count ?? 0 };
}

// Those that do not add up come first.
const mostCodes = 200;

const moneySums = `
  select json_agg(json_build_object(
    'currency', currency, 'charged', charged, 'refunded', refunded, 'refund_due', refund_due,
    'earned', charged - refunded - refund_due
  ) order by currency) as sums
  from (
    select currency,
      cast(coalesce(sum(amount_cents) filter (where state in ('paid', 'settled', 'refund_due', 'refunded')), 0) as double precision) as charged,
      cast(coalesce(sum(made), 0) as double precision) as refunded,
      cast(coalesce(sum(due), 0) as double precision) as refund_due
    from payments
    left join (
      select order_id, sum(amount_cents) filter (where state = 'made') as made,
        sum(amount_cents) filter (where state = 'due') as due
      from refunds group by order_id
    ) as back using (order_id)
    group by currency
  ) as by_currency`;

const contradictoryOrders = `select cast(count(*) as integer) as count from (${contradictoryOrdersSql}) as contradictory`;
