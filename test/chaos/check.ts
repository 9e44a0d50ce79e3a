import { setTimeout as pause } from 'node:timers/promises';
import { auditDatabase } from '../../src/database/audit.ts';
import { connect, type Database } from '../../src/database/connection.ts';
import { expectPromisesKept, messageId } from '../money/verify.ts';
import { byOrder, type Ledger, readLedger } from '../support/promises.ts';
import type { Operation } from './clients.ts';
import type { Interruption, World } from './world.ts';

const everyMs = 500;
const secondsDue = 30;
// A process is declared dead seven seconds after its last heartbeat, which came at most about two before its interruption.
const excusedFromMs = 5_000;
// Until its connections are open again, a process cannot renew its row.
const excusedAfterMs = 10_000;

/** A process that was declared dead and lives. */
interface FalseDeath {
  readonly executor_id: string;
  readonly ended_at: Date;
}

// A process that was declared dead says by its next heartbeat that it lives.
const noteFalseDeaths = `
  create table chaos_false_deaths (executor_id text not null, ended_at timestamptz not null);
  create function chaos_note_false_death() returns trigger language plpgsql as $$begin
    insert into chaos_false_deaths values (old.executor_id, old.ended_at);
    return null;
  end$$;
  create trigger chaos_false_death after update on executors for each row
    when (old.ended_at is not null and new.ended_at is null) execute function chaos_note_false_death();`;

/**
 * Looks at the rows all the time: at the units of stock, and at the oldest work that is due after the last fault. At the end it judges
 * the processes that were declared dead and live.
 */
export class Observer {
  observations = 0;
  /** Seconds since the last fault, or since it was due, of the work that waited longest. */
  longestDueSeconds = 0;
  readonly violations = new Set<string>();
  #faultsEnded: Date | undefined;
  #isOver = false;
  readonly #database: Database;
  readonly #done: Promise<void>;

  private constructor(database: Database) {
    this.#database = database;
    this.#done = this.#observe();
  }

  /** Begins; call it before the first fault. */
  static async start(database: Database): Promise<Observer> {
    await database.raw(noteFalseDeaths);
    return new Observer(database);
  }

  /** From now on nothing may be due for longer than 30 seconds. */
  faultsEnded(): void {
    this.#faultsEnded = new Date();
  }

  /** Stops, and judges the false deaths: only an interruption of its own host that lasted long enough excuses one. */
  async end(interruptions: readonly Interruption[]): Promise<void> {
    this.#isOver = true;
    await this.#done;
    for (const { executor_id: id, ended_at: at } of await this.#database<FalseDeath>('chaos_false_deaths')) {
      const isExcused = interruptions.some(
        ({ host, from, until = new Date() }) =>
          // The supervisor adds the number of the process to the label of its host.
          id.startsWith(`${host}-`) &&
          at.getTime() > from.getTime() + excusedFromMs &&
          at.getTime() < until.getTime() + excusedAfterMs,
      );
      if (!isExcused) this.violations.add(`${id} was declared dead at ${at.toISOString()}, and lived`);
    }
  }

  async #observe(): Promise<void> {
    for (; !this.#isOver; await pause(everyMs)) {
      // The database may be away.
      await this.#look().catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { rows } = await this.#database.raw<{ rows: object[] }>(
      `select sku, available, held, sold, supplied from stock_accounts
       where not balanced or least(available, held, sold) < 0`,
    );
    this.observations += 1;
    for (const row of rows) this.violations.add(`units do not add up: ${JSON.stringify(row)}`);
    if (this.#faultsEnded === undefined) return;
    const due = await this.#database.raw<{ rows: { what: string; seconds: number }[] }>(
      `select workflow || ' ' || id as what,
              cast(extract(epoch from now() - greatest(due_at, cast(? as timestamptz))) as float8) as seconds
       from due_work order by seconds desc limit 1`,
      [this.#faultsEnded.toISOString()],
    );
    const { what = '', seconds = 0 } = due.rows[0] ?? {};
    this.longestDueSeconds = Math.max(this.longestDueSeconds, seconds);
    if (seconds > secondsDue)
      this.violations.add(`${what} is due for more than ${secondsDue} s after the last fault`);
  }
}

/** Checks the recorded history, the rows, and the ledger of the payment service. @returns each violation as a sentence */
export async function findViolations(
  { database, servers, paymentUrl, shopUrl, mail }: World,
  history: readonly Operation[],
  reconcileSeconds: number,
): Promise<string[]> {
  const found = [
    ...oneAnswerPerKey(history),
    ...(await acknowledgedOrders(database, history)),
    ...(await acknowledgedRefunds(database, history)),
    ...(await acknowledgedParcels(database, history)),
    ...(await acknowledgedDeliveries(database, history)),
    ...ledgerFaults(await readLedger(paymentUrl), history),
    ...(await brokenRules(servers.url, reconcileSeconds)),
  ];
  // A host that is killed after the mail server has accepted a message sends it again, under the same Message-ID.
  const messageIds = [...new Set(mail.received.map(messageId))];
  await expectPromisesKept({ database, paymentUrl, shopUrl }, messageIds).catch((error: unknown) => {
    found.push(`money, stock, e-mails and workflows: ${String(error)}`);
  });
  return found;
}

const checkout = /\/checkout\/([\w.-]+)$/;
const refund = /\/order\/(\d+)\/refund$/;

interface Acknowledged {
  readonly key: string;
  readonly body: Operation['body'];
}

function acknowledged(
  history: readonly Operation[],
  path: RegExp,
  statuses: readonly number[],
): Acknowledged[] {
  return history.flatMap(({ url, key, status, body }) => {
    const [matched, named = ''] = path.exec(url) ?? [];
    return matched !== undefined && statuses.includes(status) ? [{ key: key ?? named, body }] : [];
  });
}

/** Every definite answer to one key says the same, and no answer is one that only a fault of the shop explains. */
function oneAnswerPerKey(history: readonly Operation[]): string[] {
  const answers = new Map<string, Set<string>>();
  const found: string[] = [];
  for (const { url, key, status, body } of history) {
    const ofCheckout = checkout.exec(url)?.[1];
    if (ofCheckout === undefined && key === undefined) continue;
    if ([400, 401, 403, 404, 405, 413, 415, 422].includes(status))
      found.push(`unexpected answer ${status} to ${url}: ${JSON.stringify(body)}`);
    const answer =
      ofCheckout === undefined
        ? [body['refund_id'], body['amount'], body['restocked'], body['shipment_id'], body['lines']]
        : [
            body['order_id'],
            status === 409 ? body['code'] : body['payment_id'],
            body['total'],
            body['order_url'],
          ];
    // 202: the payment session is still being opened. A refund that was refused may be due later.
    const isDefinite = ofCheckout === undefined ? status < 300 : [200, 201, 409].includes(status);
    if (!isDefinite || status === 0) continue;
    const name = `${url.replace(/^.*?\/\/[^/]+/, '')} ${key ?? ''}`;
    answers.set(name, (answers.get(name) ?? new Set()).add(JSON.stringify(answer)));
  }
  for (const [name, different] of answers)
    if (different.size > 1) found.push(`one key, several answers: ${name}: ${[...different].join(' and ')}`);
  return found;
}

async function acknowledgedOrders(database: Database, history: readonly Operation[]): Promise<string[]> {
  interface Row {
    readonly checkout_key: string;
    readonly order_id: number;
    readonly total_cents: number;
    readonly session_id: string | null;
    readonly token: string;
  }
  const orders = await database('orders')
    .leftJoin('payments', 'payments.order_id', 'orders.order_id')
    .select<Row[]>('checkout_key', 'orders.order_id', 'total_cents', 'session_id', 'token');
  const byKey = new Map(orders.map((order) => [order.checkout_key, order]));
  return acknowledged(history, checkout, [200, 201, 202]).flatMap(({ key, body }) => {
    const row = byKey.get(key);
    const isAsAcknowledged =
      row?.order_id === body['order_id'] &&
      row?.total_cents === body['total'] &&
      String(body['order_url']).endsWith(`/${row?.token}`) &&
      (body['payment_id'] === null || row?.session_id === body['payment_id']);
    return isAsAcknowledged
      ? []
      : [`acknowledged ${JSON.stringify(body)}, and there is ${JSON.stringify(row)}`];
  });
}

async function acknowledgedRefunds(database: Database, history: readonly Operation[]): Promise<string[]> {
  const rows =
    await database('refunds').select<{ refund_id: number; amount_cents: number; request_key: string }[]>();
  const byKey = new Map(rows.map((row) => [row.request_key, row]));
  return acknowledged(history, refund, [202]).flatMap(({ key, body }) => {
    const row = byKey.get(key);
    return row?.refund_id === body['refund_id'] && row?.amount_cents === body['amount']
      ? []
      : [`acknowledged the refund ${JSON.stringify(body)}, and there is ${JSON.stringify(row)}`];
  });
}

async function acknowledgedParcels(database: Database, history: readonly Operation[]): Promise<string[]> {
  const rows =
    await database('shipments').select<{ shipment_id: number; order_id: number; request_key: string }[]>();
  const byKey = new Map(rows.map((row) => [row.request_key, row]));
  return acknowledged(history, /\/order\/\d+\/shipments$/, [201]).flatMap(({ key, body }) => {
    const row = byKey.get(key);
    return row?.shipment_id === body['shipment_id'] && row?.order_id === body['order_id']
      ? []
      : [`acknowledged the parcel ${JSON.stringify(body)}, and there is ${JSON.stringify(row)}`];
  });
}

async function acknowledgedDeliveries(database: Database, history: readonly Operation[]): Promise<string[]> {
  const requests: string[] = await database('supply').pluck('request_key');
  // The key of the request, and the product.
  const keys = new Set(requests.map((request) => request.split(' ')[0]));
  return acknowledged(history, /\/restock$/, [200]).flatMap(({ key }) =>
    keys.has(key) ? [] : [`the acknowledged delivery ${key} is gone`],
  );
}

/** A payment that the provider confirmed to its buyer was charged, and an order has one session at most. */
function ledgerFaults({ charges, sessions }: Ledger, history: readonly Operation[]): string[] {
  const charged = new Set(charges.map((charge) => charge.session_id));
  const lost = acknowledged(history, /\/api\/submit_payment$/, [200])
    .filter(({ body }) => body['payment_status'] === 'paid' && !charged.has(String(body['session_id'])))
    .map(({ body }) => `the payment of ${String(body['session_id'])} was acknowledged and not charged`);
  const doubled = [...byOrder(sessions)]
    .filter(([, ofOrder]) => ofOrder.length > 1)
    .map(([order, ofOrder]) => `order ${order} has ${ofOrder.length} payment sessions`);
  return [...lost, ...doubled];
}

/** The rules that `npm run audit` checks for operators. */
async function brokenRules(url: string, reconcileSeconds: number): Promise<string[]> {
  const database = connect(url, 1);
  try {
    const { broken } = await auditDatabase(database, reconcileSeconds);
    return broken.map(({ rule, rows }) => `${rule}: ${JSON.stringify(rows)}`);
  } finally {
    await database.destroy();
  }
}
