import { type OrderAmounts, type Quote, quoteOf } from '../../domain/amounts.ts';
import { type Discount, type DiscountFault, discountHolderOf } from '../../domain/discount.ts';
import { type ExceededLimit, type HoldLimits, largestTotalCents } from '../../domain/limits.ts';
import {
  buyerDetailsOf,
  type CancelReason,
  currencyOf,
  type Item,
  type OrderStatus,
  type PlacedOrder,
  type Placement,
} from '../../domain/order.ts';
import type { Statement } from '../../shared/statement.ts';
import { holdSecondsSql } from '../queries/holds.ts';
import { readQuote } from '../queries/terms.ts';
import { buyerBindings, buyerColumns } from '../tables.ts';
import { newOrderToken, type ReadLine, type Refused, refuseOrder } from './refuse-order.ts';

/** `exists`: the key belongs to another request's order. `session` is the recorded one of an order that this request found again. */
export type PlacedOutcome =
  | { readonly outcome: 'placed'; readonly order: PlacedOrder; readonly session: RecordedSession | null }
  | { readonly outcome: 'refused'; readonly reason: CancelReason }
  | { readonly outcome: 'exists' };

/**
 * Prices the lines from our catalogue and reserves all of them or none, within the limits of the client. An order that cannot be
 * placed is recorded as cancelled, so that its key gets the same answer for ever. Each statement is whole by itself, so this may run
 * outside a transaction, and again: the same request finds the order that it has placed.
 * @param limits null for none
 */
export async function placeOrder(
  sql: Statement,
  placement: Placement,
  limits: HoldLimits | null,
): Promise<PlacedOutcome> {
  const { placed, ...refused } = await reserveOrder(sql, placement, limits);
  return placed
    ? { outcome: 'placed', order: placed, session: null }
    : recordRefusal(sql, placement, refused);
}

/** Places an order as `placeOrder` does. One that cannot be placed is not recorded yet, and changes nothing. */
export async function reserveOrder(
  sql: Statement,
  placement: Placement,
  limits: HoldLimits | null,
): Promise<Refused & { readonly placed: PlacedOrder | undefined }> {
  const { order } = placement;
  const address = order.delivery?.address ?? null;
  let quote = placement.quote ? quoteOf(placement.quote, address) : await readQuote(sql, order);
  let reserved = await reserve(sql, placement, quote, limits);
  for (let changes = 0; reserved.isOutdated && changes < changesAtMost; changes += 1) {
    const [before] = quote.lines;
    quote = await readQuote(sql, order);
    // The same number in another currency is another total than the shopper was shown.
    if (order.shownCents !== null && before?.currency !== quote.lines[0]?.currency) break;
    reserved = await reserve(sql, placement, quote, limits);
  }
  const { lines, exceeded, codeFault, placed } = reserved;
  return { placed, lines, exceeded, codeFault, quote, address };
}

/** Records an order that could not be placed, or finds the order that its key belongs to already. */
export async function recordRefusal(
  sql: Statement,
  placement: Placement,
  refused: Refused,
): Promise<PlacedOutcome> {
  const refusal = await refuseOrder(sql, placement, refused);
  if (refusal) return { outcome: 'refused', reason: refusal };
  const { order, requestId } = placement;
  return (await findExistingOrder(sql, order.checkoutKey, requestId)) ?? { outcome: 'exists' };
}

// More in a row only while somebody edits the terms by a program. The order is then refused as if its price had changed.
const changesAtMost = 3;

/** The address at which an order is paid. */
export interface RecordedSession {
  readonly sessionId: string;
  readonly url: string;
}

interface Reserved {
  readonly lines: ReadLine[];
  readonly exceeded: ExceededLimit | null;
  /** The terms, or the prices of products, have changed since they were read. */
  readonly isOutdated: boolean;
  /** Why the code cannot be used any more. */
  readonly codeFault: DiscountFault | null;
  readonly orderId: number | null;
  readonly totalCents: number;
  readonly holdExpiresAt: number;
}

/**
 * Places the order if every line is available, it costs what was shown, its delivery is possible under the present terms, and its client
 * may hold that much. Otherwise changes nothing and returns the available units and the exceeded limit.
 */
async function reserve(
  sql: Statement,
  { order, requestId, clients = [] }: Placement,
  quote: Quote,
  limits: HoldLimits | null,
): Promise<
  Pick<Reserved, 'exceeded' | 'isOutdated' | 'codeFault' | 'lines'> & { placed: PlacedOrder | undefined }
> {
  const token = newOrderToken();
  const client = bindingsOf(clients, limits);
  const { items: _, delivery: __, discountCode: ___, ...columns } = order;
  // An input that an earlier release recorded lacks the fields that were added since.
  const buyer = buyerDetailsOf(order);
  const bindings = {
    ...columns,
    ...buyer,
    ...client,
    ...quoteBindings(quote, order.items),
    ...codeBindings(quote, buyer.email),
    requestId,
    token,
  };
  const [reserved] = await sql<Reserved>(reservation, bindings);
  const lines = reserved?.lines ?? [];
  // Products are never deleted, and the route has looked the SKUs up.
  if (!reserved || lines.length !== order.items.length) throw new Error('A product is unknown.');
  const { orderId, totalCents, holdExpiresAt, exceeded, isOutdated, codeFault } = reserved;
  const { amounts } = quote;
  if (orderId === null || typeof quote.delivery === 'string' || !amounts) {
    return { lines, exceeded, isOutdated, codeFault, placed: undefined };
  }
  const placed = {
    orderId,
    token,
    ...buyer,
    totalCents,
    currency: currencyOf(lines),
    delivery: quote.delivery,
    discountCents: amounts.discountCents,
    addedTax: addedTaxOf(amounts),
    lines: lines.map(({ sku, product, qty, unitPriceCents }) => ({ sku, product, qty, unitPriceCents })),
    holdExpiresAt,
  };
  return { lines, exceeded, isOutdated, codeFault, placed };
}

/** The tax that its payment page lists; null where the prices contain it. */
function addedTaxOf({ taxName, taxCents, taxIncluded }: OrderAmounts): (PlacedOrder['addedTax'] & {}) | null {
  return taxName === null || taxIncluded || taxCents === 0 ? null : { name: taxName, cents: taxCents };
}

/** What an order costs, for the statement. Its amounts and its delivery are null where they are not possible. */
function quoteBindings({ version, lines, delivery, amounts }: Quote, items: readonly Item[]) {
  const possible = typeof delivery === 'string' ? null : delivery;
  const quantities = new Map(items.map(({ sku, qty }) => [sku, qty]));
  return {
    termsVersion: version,
    lines: JSON.stringify(
      lines.map(({ currency, ...line }) => ({
        ...line,
        quotedCurrency: currency,
        qty: quantities.get(line.sku),
      })),
    ),
    discountCents: amounts?.discountCents ?? null,
    taxCents: amounts?.taxCents ?? null,
    taxName: amounts?.taxName ?? null,
    taxIncluded: amounts?.taxIncluded ?? null,
    deliveryTaxCents: amounts?.deliveryTaxCents ?? null,
    deliveryTaxRate: amounts?.deliveryTaxRate ?? null,
    totalCents: amounts?.totalCents ?? null,
    deliveryMethod: possible?.method ?? null,
    deliveryName: possible?.name ?? null,
    deliveryCents: possible?.cents ?? null,
    daysFrom: possible?.daysFrom ?? null,
    daysTo: possible?.daysTo ?? null,
    address: possible?.address ? JSON.stringify(possible.address) : null,
  };
}

/**
 * The code of an order, for the statement; null without one. Its use counts for the e-mail address also while the code has no limit by
 * address, because one that is set later counts earlier uses.
 */
function codeBindings({ discount }: Quote, email: string | null) {
  const applied: Discount | null = typeof discount === 'string' ? null : discount;
  const isCounted = email !== null && applied !== null;
  return { code: applied?.code ?? null, discountHolder: isCounted ? discountHolderOf(email) : null };
}

/** The client of a placement and its limits, for the statement. All are null or empty where no limit applies. */
function bindingsOf(clients: readonly string[], limits: HoldLimits | null) {
  const applied = clients.length > 0 ? limits : null;
  return {
    clients: applied ? [...clients] : [],
    maxUnits: applied?.units ?? null,
    maxCents: applied?.cents ?? null,
    sharePercent: applied?.sharePercent ?? null,
    sparesSingleUnits: applied?.sparesSingleUnits ?? true,
    shortestHoldSeconds: applied?.shortestHoldSeconds ?? null,
  };
}

// Null without a share.
const atMost = `((available + own_units) * cast(:sharePercent as integer) + 99) / 100 - own_units`;

// Rows are locked in SKU order, so that two orders with the same products wait for each other instead of deadlocking. Rows read
// under the lock are the newest. The update computes from them: Postgres checks the constraint of `available` first with the version
// of the statement's beginning, and follows a row that changed meanwhile only then.
// A code without a limit is updated too, null to null: a condition on its free uses would be decided by the version of the beginning, and
// would leave out a limit that was put on it meanwhile.
// The join with `held` locks the client before any stock, so that its other requests wait without holding up other buyers. Every
// hash of the client is counted for itself, and the one that holds most decides.
const reservation = `
  with held as materialized (
    select client_hash, product_id, currency, units, cents from lock_clients(cast(:clients as text[]))
  ), line as materialized (
    select product_id, sku, product, qty, price_cents, currency, available, coalesce(own.units, 0) as own_units,
           price_cents <> "unitPriceCents" or currency <> "quotedCurrency" as is_outdated, "discountCents", "taxCents", "taxRate"
    from json_to_recordset(cast(:lines as json)) as item (
      sku text, qty integer, "unitPriceCents" integer, "quotedCurrency" text, "discountCents" integer, "taxCents" integer, "taxRate" integer
    )
    join products using (sku) join stock using (product_id)
    left join (select product_id, max(units) as units from held group by product_id) as own using (product_id)
    order by sku for update of stock
  ), order_total as (
    select sum(qty * price_cents) as cents, sum(qty) as units, min(currency) as currency,
           bool_or(is_outdated) or min(currency) <> max(currency) as is_outdated, bool_and(available >= qty) as enough,
           bool_and(qty <= ${atMost}) as is_fair
    from line
  ), client as (
    select coalesce(max(units), 0) as units, coalesce(max(cents), 0) as cents from (
      select sum(held.units) as units, sum(held.cents) filter (where held.currency = order_total.currency) as cents
      from held cross join order_total group by client_hash
    ) as of_hash
  ), code as materialized (
    -- After the stock, as where a use is released.
    select free_uses, case
      when not is_valid then 'code_expired'
      when free_uses <= 0 then 'code_used_up'
      when uses_per_email is not null and cast(:discountHolder as text) is null then 'code_needs_email'
      when uses_of_holder >= uses_per_email then 'code_used_by_you'
    end as fault
    from order_total cross join lateral lock_code(case when enough then cast(:code as text) end, cast(:discountHolder as text))
  ), decided as (
    select order_total.cents as subtotal, cast(:totalCents as bigint) as cents, order_total.currency, enough,
      is_outdated or (select version from terms) <> cast(:termsVersion as bigint) as is_outdated,
      (select fault from code) as code_fault,
    case
      when client.units + order_total.units > cast(:maxUnits as integer) then 'units'
      when client.cents + order_total.cents > cast(:maxCents as bigint) and client.units + order_total.units > 1 then 'value'
      when not is_fair and not (cast(:sparesSingleUnits as boolean) and order_total.units = 1) then 'share'
    end as exceeded
    from order_total cross join client
  ), hold as (
    ${holdSecondsSql}
  ), placed as (
    insert into orders (checkout_key, request_hash, token, browser_id, request_id, status, subtotal_cents, delivery_cents, total_cents,
                        currency, delivery_method, delivery_name, delivery_days_from, delivery_days_to, address,
                        discount_cents, discount_code, uses_code, discount_holder,
                        tax_cents, tax_name, tax_included, delivery_tax_cents, delivery_tax_rate, hold_expires_at, ${buyerColumns})
    select :checkoutKey, :requestHash, :token, :browserId, :requestId, 'pending', subtotal, :deliveryCents, cents,
           currency, :deliveryMethod, :deliveryName, :daysFrom, :daysTo, cast(:address as jsonb),
           :discountCents, cast(:code as text), cast(:code as text) is not null, cast(:discountHolder as text),
           :taxCents, cast(:taxName as text), :taxIncluded, :deliveryTaxCents, cast(:deliveryTaxRate as integer),
           now() + seconds * interval '1 second', ${buyerBindings}
    from decided cross join hold
    where enough and cents between 1 and ${largestTotalCents} and cents = coalesce(cast(:shownCents as bigint), cents)
      and exceeded is null and code_fault is null and not is_outdated
    on conflict (checkout_key) do nothing
    returning order_id, total_cents, currency, hold_expires_at
  ), lines as (
    insert into order_lines (order_id, product_id, quantity, unit_price_cents, discount_cents, tax_cents, tax_rate)
    select order_id, product_id, qty, price_cents, "discountCents", "taxCents", "taxRate" from placed cross join line
  ), holder as (
    insert into holders (client_hash, order_id)
    select distinct hash, order_id from placed cross join unnest(cast(:clients as text[])) as hash
  ), reserved as (
    update stock set available = line.available - qty
    from placed cross join line where stock.product_id = line.product_id
  ), used as (
    update discount_codes set free_uses = code.free_uses - 1
    from placed cross join code where discount_codes.code = cast(:code as text)
  ), payment as (
    insert into payments (order_id, state, amount_cents, currency)
    select order_id, 'creating', total_cents, currency from placed
  ), history as (
    insert into order_history (order_id, what) select order_id, 'placed' from placed
  )
  select exceeded, is_outdated, code_fault, order_id, total_cents,
    cast(round(extract(epoch from hold_expires_at) * 1000) as double precision) as hold_expires_at,
    (select json_agg(json_build_object(
       'productId', product_id, 'sku', sku, 'product', product, 'qty', qty,
       'unitPriceCents', price_cents, 'currency', currency, 'available', available, 'atMost', ${atMost}
     ) order by sku) from line) as lines
  from decided left join placed on true`;

interface ExistingOrder extends PlacedOrder {
  readonly samePlacement: boolean;
  readonly status: OrderStatus;
  readonly reason: CancelReason | null;
  readonly hasPayment: boolean;
  readonly session: RecordedSession | null;
}

/**
 * Finds the order of a used checkout key: the one that this request placed or recorded before a crash, or another's; undefined when the key
 * is new.
 */
export async function findExistingOrder(
  sql: Statement,
  checkoutKey: string,
  requestId: string,
): Promise<PlacedOutcome | undefined> {
  const [found] = await sql<ExistingOrder>(
    `select order_id, token, ${buyerColumns}, total_cents, currency, status, reason,
       case when delivery_method is not null then json_build_object(
         'method', delivery_method, 'name', delivery_name, 'cents', delivery_cents, 'daysFrom', delivery_days_from,
         'daysTo', delivery_days_to, 'address', address
       ) end as delivery, discount_cents,
       case when not tax_included and tax_cents > 0 then json_build_object('name', tax_name, 'cents', tax_cents) end as added_tax,
       cast(round(extract(epoch from hold_expires_at) * 1000) as double precision) as hold_expires_at,
       request_id = :requestId as same_placement,
       exists (select from payments where payments.order_id = orders.order_id) as has_payment,
       (select json_build_object('sessionId', session_id, 'url', url)
        from payments where payments.order_id = orders.order_id and session_id is not null) as session,
       (select json_agg(json_build_object(
          'sku', sku, 'product', product, 'qty', quantity, 'unitPriceCents', unit_price_cents
        ) order by sku)
        from order_lines join products using (product_id) where order_lines.order_id = orders.order_id) as lines
     from orders where checkout_key = :checkoutKey`,
    { checkoutKey, requestId },
  );
  if (!found) return undefined;
  if (!found.samePlacement) return { outcome: 'exists' };
  const { samePlacement: _, status, reason, hasPayment, session, ...order } = found;
  if (status !== 'cancelled' || reason === null) return { outcome: 'placed', order, session };
  // Another process has continued with it, and has cancelled it.
  return hasPayment ? { outcome: 'exists' } : { outcome: 'refused', reason };
}
