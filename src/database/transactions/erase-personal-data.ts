import type { AddressForms, DataSubject } from '../../shared/address.ts';
import { inTransaction, type Statement } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { isAddressSql } from '../queries/mentions.ts';
import {
  erasedHash,
  hasWorkflowsSql,
  isTheirsSql,
  progressSql,
  subjectBindings,
} from '../queries/personal-data.ts';
import { daysToTry } from '../queries/reconciliation.ts';
import { buyerColumns } from '../tables.ts';

// The amounts, numbers, charges and times of an order stay: they are the accounts. docs/PRIVACY.md lists what goes.

/** Stands in the place of a text that was erased and must not be missing. */
const erased = '(erased)';

/** A parcel without what leads to its buyer at the carrier. */
const untracked = 'tracking_number = null, link = null, request = null';

/** SQL of the details of an attention item without the words of buyers, mail servers and the provider. */
const withoutWords = `detail || (
    select coalesce(jsonb_object_agg(key, cast(:erased as text)), '{}') from jsonb_object_keys(detail) as key
    where key in ('error', 'message')
  )`;

/** SQL of whether an attention item has such words, as the index `attention_words` has it. */
const hasWords = `(detail ->> 'error' <> '${erased}' or detail ->> 'message' <> '${erased}')`;

/** Marks every order of a subject for erasure. Each is erased once it has ended, also after a crash. @returns how many there are */
export async function askErasure(sql: Statement, subject: DataSubject): Promise<number> {
  const asked = await sql(
    `update orders set erase_asked_at = coalesce(erase_asked_at, now()) where ${isTheirsSql} returning 1`,
    subjectBindings(subject),
  );
  return asked.length;
}

/**
 * Removes the personal data of orders that have ended and whose workflows are deleted; the others stay as they are. An order that was
 * marked for erasure also loses its browser and its cart, and the operator's words about it.
 * @param options.keepsBrowser whether the other orders stay in the list of their browser
 * @returns how many were erased
 */
export async function eraseOrders(
  sql: Statement,
  orderIds: readonly number[],
  { keepsBrowser }: { readonly keepsBrowser: boolean },
): Promise<number> {
  const asked = await lockOrders(sql, orderIds);
  // A statement of its own: it sees what was committed while the locks were awaited.
  const gone = await sql<{ orderId: number }>(
    `update orders set (${buyerColumns}) = row(${buyerColumns
      .split(', ')
      .map(() => 'null')
      .join(', ')}),
       first_email = null, address = null, discount_holder = null, request_hash = :erasedHash, erase_asked_at = null,
       browser_id = case when :keepsBrowser and erase_asked_at is null then browser_id end
     where order_id = any(:orderIds) and ${progressSql} is null and not ${hasWorkflowsSql}
     returning order_id`,
    { orderIds: [...orderIds], erasedHash, keepsBrowser },
  );
  const ids = gone.map(({ orderId }) => orderId);
  await sql('delete from holders where order_id = any(:ids)', { ids });
  await sql(`update shipments set ${untracked} where order_id = any(:ids)`, { ids });
  await eraseMessages(sql, ids);
  const theirs = asked.filter(({ orderId }) => ids.includes(orderId));
  await eraseWords(
    sql,
    theirs.map(({ orderId }) => orderId),
  );
  await sql('delete from carts where browser_id = any(:browserIds)', {
    browserIds: theirs.flatMap(({ browserId }) => browserId ?? []),
  });
  return ids.length;
}

/** Locks payments before orders, as every transaction does. @returns those that are marked for erasure */
async function lockOrders(
  sql: Statement,
  orderIds: readonly number[],
): Promise<{ readonly orderId: number; readonly browserId: string | null }[]> {
  const bindings = { orderIds: [...orderIds] };
  await sql('select 1 from payments where order_id = any(:orderIds) order by order_id for update', bindings);
  const locked = await sql<{ orderId: number; browserId: string | null; asked: boolean }>(
    `select order_id, browser_id, erase_asked_at is not null as asked from orders
     where order_id = any(:orderIds) order by order_id for update`,
    bindings,
  );
  return locked.filter(({ asked }) => asked);
}

/** Removes the contents of messages, gives up those that could not be sent, and removes what mail servers and others said. */
async function eraseMessages(sql: Statement, orderIds: readonly number[]): Promise<void> {
  const bindings = { orderIds: [...orderIds], erased };
  await sql(
    `update emails set sent_at = coalesce(sent_at, now()), subject = null, text_body = null, html_body = null
     where order_id = any(:orderIds)`,
    bindings,
  );
  await sql(
    `update attention set resolved_at = now(), resolution = 'operator', note = :erased
     where order_id = any(:orderIds) and kind = 'email_failed' and resolved_at is null`,
    bindings,
  );
  await sql(`update attention set detail = ${withoutWords} where order_id = any(:orderIds)`, bindings);
}

/** Removes what operators have written about orders. */
async function eraseWords(sql: Statement, orderIds: readonly number[]): Promise<void> {
  const bindings = { orderIds: [...orderIds], erased };
  await sql(
    'update refunds set note = :erased, request = null where order_id = any(:orderIds) and note is not null',
    bindings,
  );
  await sql(
    'update attention set note = :erased where order_id = any(:orderIds) and note is not null',
    bindings,
  );
}

/** Removes an address from payments of unknown orders. Their items stay until they are resolved. @returns how many rows had it */
export async function eraseUnknownPayments(sql: Statement, address: AddressForms): Promise<number> {
  const bindings = { address: [...address] };
  const events = await sql(
    `update payment_events set email = null where email is not null and ${isAddressSql('email')} returning 1`,
    bindings,
  );
  const items = await sql(
    `update attention set detail = detail || jsonb_build_object('email', null),
       note = case when note is not null then :erased end
     where kind = 'unknown_payment' and ${isAddressSql(`detail ->> 'email'`)} returning 1`,
    { ...bindings, erased },
  );
  return events.length + items.length;
}

/**
 * Removes what is old: the addresses of payments of unknown orders, from their events and from their resolved items, and the charges
 * of events that nothing was found for. These may be about the customers of another shop.
 */
export async function eraseOldEvents(sql: Statement, personalDataDays: number): Promise<void> {
  await sql(
    `update payment_events set email = null
     where email is not null and received_at < now() - cast(:personalDataDays as integer) * interval '1 day'`,
    { personalDataDays },
  );
  await sql(
    `update attention set detail = detail || jsonb_build_object('email', null)
     where kind = 'unknown_payment' and detail ->> 'email' is not null
       and resolved_at < now() - cast(:personalDataDays as integer) * interval '1 day'`,
    { personalDataDays },
  );
  await sql(
    `update payment_events set outcome = 'ignored', transaction_id = null, kind = null
     where transaction_id is not null and received_at < now() - :daysToTry * interval '1 day'`,
    { daysToTry },
  );
}

/** Removes what leads to the buyers of parcels at their carriers, some days after their orders ended, whether these have an address or not. */
export async function eraseOldTracking(sql: Statement, personalDataDays: number): Promise<void> {
  await sql(
    `update shipments set ${untracked} from orders
     where orders.order_id = shipments.order_id and (tracking_number is not null or link is not null)
       and shipped_at < now() - cast(:personalDataDays as integer) * interval '1 day'
       and coalesce(refunded_at, dispatched_at) < now() - cast(:personalDataDays as integer) * interval '1 day'`,
    { personalDataDays },
  );
}

/**
 * Removes the words of attention items some days after their orders ended, whether these have an address or not. A buyer may ask for a return
 * when the order has ended and is erased, so the item has to be as old.
 */
export async function eraseOldWords(sql: Statement, personalDataDays: number): Promise<void> {
  const isOld = (time: string) => `${time} < now() - cast(:personalDataDays as integer) * interval '1 day'`;
  await sql(
    `update attention set detail = ${withoutWords} from orders
     where orders.order_id = attention.order_id and ${hasWords}
       and ${isOld('raised_at')} and ${isOld('coalesce(refunded_at, dispatched_at, cancelled_at)')}`,
    { personalDataDays, erased },
  );
}

/** Removes the id of a browser from its orders, and its cart, so that nothing leads from one to the other. */
export async function forgetBrowser(database: Database, browserId: string): Promise<void> {
  await inTransaction(database, async (sql) => {
    await sql('update orders set browser_id = null where browser_id = :browserId', { browserId });
    await sql('delete from carts where browser_id = :browserId', { browserId });
  });
}
