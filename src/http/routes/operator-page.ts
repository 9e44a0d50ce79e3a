import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { listExecutors } from '../../database/queries/executors.ts';
import { readOrderDetails } from '../../database/queries/order-details.ts';
import { findOrder, findRefund } from '../../database/queries/orders.ts';
import { listAttention, listReconciliations, readAccounts } from '../../database/queries/reconciliation.ts';
import { type RefundableDetails, readRefundable } from '../../database/queries/refundable.ts';
import { findShipment, listOrdersToShip } from '../../database/queries/shipments.ts';
import type { RefundRow } from '../../database/tables.ts';
import { pageOf } from '../../domain/catalogue.ts';
import { maxItems } from '../../domain/limits.ts';
import type { RefundItem } from '../../domain/refund.ts';
import {
  type OperatorSource,
  type Outcome,
  operatorView,
  outcomeNames,
  type RefundFault,
  type TypedRefund,
} from '../../operator/operator-view.ts';
import type { ShippingSource } from '../../operator/shipping-view.ts';
import { operatorWords } from '../../operator/words.ts';
import { minorUnitsOf } from '../../shared/currencies.ts';
import { formatMoney, parseMoney } from '../../shared/money.ts';
import { statementsOf } from '../../shared/statement.ts';
import { problemTypes } from '../errors.ts';
import type { Pages } from '../pages.ts';
import { checkoutKey, reasonText, serial } from '../schemas.ts';
import { type AttentionOptions, resolveAttentionItem } from './attention.ts';
import { chooseOrder, emptyShipment, shipmentForm, shipTyped } from './operator-shipping.ts';
import { type ReconciliationOptions, reconcileNow } from './reconciliation.ts';
import { type RefundOptions, refundRefusal } from './refunds.ts';
import type { ShipmentOptions } from './shipments.ts';

export interface OperatorPageOptions
  extends AttentionOptions,
    ReconciliationOptions,
    RefundOptions,
    ShipmentOptions {
  readonly pages: Pages;
}

const text = z.string().default('');

// The units of each product are in fields of its SKU.
const unitsField = /^(?:units|shipped)-(.+)$/;

// With `show`, the form is not sent yet: its order is chosen.
const refundForm = z
  .looseObject({
    key: checkoutKey,
    order: text,
    amount: text,
    reason: text,
    delivery: z.string().optional(),
    all: z.string().optional(),
    parts: z.string().optional(),
    restock: z.enum(['usual', 'yes', 'no']).default('usual'),
    show: z.string().optional(),
  })
  .transform(({ key, order, amount, reason, delivery, all, parts, restock, show, ...others }) => {
    const units = Object.entries(others).flatMap(([name, value]) =>
      unitsField.test(name) ? [[name, String(value)]] : [],
    );
    return {
      key,
      order,
      amount,
      reason,
      restock,
      delivery: delivery !== undefined,
      all: all !== undefined,
      hasParts: parts !== undefined,
      units: Object.fromEntries(units) as TypedRefund['units'],
      isShown: show !== undefined,
    };
  });

// With any other value in the address, the page comes without a message, and with the first attention items.
const querystring = z.object({
  outcome: z.enum(outcomeNames).optional().catch(undefined),
  refund: serial.optional().catch(undefined),
  shipment: serial.optional().catch(undefined),
  ship: z.string().optional().catch(undefined),
  after: serial.optional().catch(undefined),
  order: serial.optional().catch(undefined),
  stock: z.string().catch('').transform(pageOf),
});

/**
 * `GET /operator` and its forms: attention items, the sums, reconciliation and refunds. Where there is an operator token, the
 * browser asks for it as a password.
 */
export const operatorPageRoutes: FastifyPluginAsyncZod<OperatorPageOptions> = async (server, options) => {
  const { database } = options;
  const params = z.object({ attention_id: serial });

  server.get('/operator', { schema: { querystring } }, async (request, reply) => {
    const { outcome = null, refund: id, after = null, stock: stockPage, shipment, ship } = request.query;
    const refund = id === undefined ? null : ((await findRefund(database, id)) ?? null);
    const done = shipment === undefined ? null : ((await findShipment(database, shipment)) ?? null);
    const chosen = ship === undefined ? {} : await chooseOrder(database, { ...emptyShipment(), order: ship });
    const { order } = request.query;
    const form = order === undefined ? {} : { form: await formOf(database, order) };
    const shown = { outcome, refund, after, stockPage, ...form };
    return show(reply, options, shown, { done, ...chosen });
  });

  const retrying = { schema: { params, querystring } };
  server.post('/operator/attention/:attention_id/retry', retrying, async (request, reply) => {
    const resolved = await resolveAttentionItem(options, request.params.attention_id, null);
    return backTo(reply, resolved ? 'retried' : 'gone', request.query.after);
  });

  server.post(
    '/operator/attention/:attention_id/resolve',
    { schema: { params, querystring, body: z.object({ resolution: text }).nullish() } },
    async (request, reply) => {
      const { after } = request.query;
      const { attention_id: attentionId } = request.params;
      const typed = request.body?.resolution ?? '';
      const resolution = reasonText.safeParse(typed);
      if (!resolution.success) {
        return show(reply.code(400), options, { unresolved: { attentionId, typed }, after: after ?? null });
      }
      const resolved = await resolveAttentionItem(options, attentionId, resolution.data);
      return backTo(reply, resolved ? 'resolved' : 'gone', after);
    },
  );

  server.post('/operator/reconcile', async (request, reply) => {
    const repaired = await reconcileNow(options, request);
    if (repaired === 'running') return backTo(reply, 'reconciling');
    return backTo(reply, repaired === 'not_compared' ? repaired : 'reconciled');
  });

  server.post('/operator/refund', { schema: { body: refundForm } }, async (request, reply) => {
    const { isShown, hasParts, ...typed } = request.body;
    const answer = isShown
      ? await whyNotRefundable(database, typed)
      : await refundTyped(options, typed, hasParts);
    if (answer === null) return show(reply, options, { form: typed });
    if ('refundId' in answer) {
      return reply.redirect(`/operator?refund=${answer.refundId}#refund`, 303);
    }
    const key = answer.what === 'key_reused' ? randomUUID() : typed.key;
    return show(reply.code(answer.status), options, { form: { ...typed, key }, fault: answer });
  });

  server.post('/operator/shipment', { schema: { body: shipmentForm } }, async (request, reply) => {
    const answer = await shipTyped(options, request.body);
    if ('shipmentId' in answer) return reply.redirect(`/operator?shipment=${answer.shipmentId}#ship`, 303);
    const key = answer.what === 'key_reused' ? randomUUID() : request.body.key;
    const shipping = await chooseOrder(database, { ...request.body, key }, answer);
    return show(reply.code(answer.status), options, {}, shipping);
  });
};

function emptyForm(): TypedRefund {
  return {
    order: '',
    amount: '',
    reason: '',
    units: {},
    delivery: false,
    all: false,
    restock: 'usual',
    key: randomUUID(),
  };
}

/** The order of a form whose units can be chosen; null when there is none. */
async function refundableOf(database: Database, { order }: TypedRefund): Promise<RefundableDetails | null> {
  const orderId = serial.safeParse(order.trim());
  const found = orderId.success ? await readRefundable(statementsOf(database), orderId.data) : undefined;
  return found?.isSettled ? found : null;
}

/** The form for a refund that a buyer has asked for. */
async function formOf(database: Database, orderId: number): Promise<TypedRefund> {
  const details = await readOrderDetails(database, { orderId });
  const { asked, returned } = operatorWords.refund;
  const reasons = { cancellation_asked: asked, return_asked: returned };
  const request = details?.returnRequest;
  return {
    ...emptyForm(),
    order: String(orderId),
    reason: request ? reasons[request.code] : '',
  };
}

async function show(
  reply: FastifyReply,
  { database, pages }: OperatorPageOptions,
  shown: Partial<OperatorSource>,
  shipped: Partial<ShippingSource> = {},
): Promise<FastifyReply> {
  const form = shown.form ?? emptyForm();
  const [items, reconciliations, accounts, executors, waiting, refundable] = await Promise.all([
    listAttention(database, shown.after ?? undefined),
    listReconciliations(database),
    readAccounts(database),
    listExecutors(database),
    listOrdersToShip(database),
    refundableOf(database, form),
  ]);
  const nothing = {
    outcome: null,
    stockPage: 1,
    after: null,
    unresolved: null,
    refund: null,
    refundable,
    fault: null,
  };
  const shipping = { order: null, typed: emptyShipment(), done: null, fault: null, ...shipped, waiting };
  const source = {
    ...nothing,
    ...shown,
    form,
    attention: items,
    reconciliations,
    accounts,
    executors,
    shipping,
  };
  return pages.send(reply, 'operator', { operator: operatorView(source, new Date()) });
}

function backTo(reply: FastifyReply, outcome: Outcome, after?: number): FastifyReply {
  return reply.redirect(`/operator?outcome=${outcome}${after === undefined ? '' : `&after=${after}`}`, 303);
}

interface FaultyRefund {
  readonly what: RefundFault;
  readonly status: number;
  readonly left: string;
  readonly example: string;
}

const exampleCents = 1250;
const exampleOf = (currency: string): string => {
  return formatMoney({ cents: exampleCents - (exampleCents % minorUnitsOf(currency).step), currency });
};
const restocks = { usual: undefined, yes: true, no: false } as const;

const faulty = (what: RefundFault, status = 400, more: Partial<FaultyRefund> = {}): FaultyRefund => {
  return { what, status, left: '', example: '', ...more };
};

/** The order of a form that may be refunded, or the fault of the field. */
async function orderTyped(
  database: Database,
  typed: TypedRefund,
): Promise<{ readonly orderId: number; readonly currency: string } | FaultyRefund> {
  const orderId = serial.safeParse(typed.order.trim());
  if (!orderId.success) return faulty('order_unreadable');
  return (await findOrder(database, orderId.data)) ?? faulty('unknown_order', problemTypes.not_found.status);
}

/** Why there are no units of the order of a form to choose; null when there are. */
async function whyNotRefundable(database: Database, typed: TypedRefund): Promise<FaultyRefund | null> {
  const order = await orderTyped(database, typed);
  if ('what' in order) return order;
  const isRefundable = (await refundableOf(database, typed)) !== null;
  return isRefundable ? null : faulty('not_refundable', problemTypes.not_refundable.status);
}

/** The typed units above zero; null when one is no whole number. */
function itemsTyped({ units }: TypedRefund): RefundItem[] | null {
  const typed = Object.entries(units).map(([name, text]) => ({ name, text: text.trim() }));
  if (typed.length > 2 * maxItems || typed.some(({ text }) => !/^\d{1,4}$/.test(text))) return null;
  return typed.flatMap(({ name, text }) => {
    const sku = unitsField.exec(name)?.[1] ?? '';
    const item = { sku, qty: Number(text) };
    if (item.qty === 0) return [];
    return [{ ...item, shipped: name.startsWith('shipped-') }];
  });
}

/**
 * Requests the refund as it was typed. A mistake is a fault of one field.
 * @param hasParts whether the form showed what can be chosen. Then nothing chosen is a mistake, and not the whole payment.
 */
async function refundTyped(
  { database, requestRefund }: OperatorPageOptions,
  typed: TypedRefund,
  hasParts: boolean,
): Promise<RefundRow | FaultyRefund> {
  const order = await orderTyped(database, typed);
  if ('what' in order) return order;
  const { currency } = order;
  const amountCents = typed.amount.trim() === '' ? undefined : parseMoney(typed.amount, currency);
  if (typed.amount.trim() !== '' && (amountCents ?? 0) < 1) {
    return faulty('amount_unreadable', 400, { example: exampleOf(currency) });
  }
  const lines = itemsTyped(typed);
  if (!lines) return faulty('units_unreadable');
  const isByLines = lines.length > 0 || typed.delivery;
  const chosen = [amountCents !== undefined, isByLines, typed.all].filter(Boolean).length;
  if (chosen > 1) return faulty('chosen_twice');
  if (chosen === 0 && hasParts) return faulty('nothing_chosen');
  const reason = reasonText.safeParse(typed.reason);
  if (!reason.success) return faulty('reason_unreadable');
  const answer = await requestRefund({
    orderId: order.orderId,
    amountCents,
    ...(isByLines && { lines, delivery: typed.delivery }),
    restock: restocks[typed.restock],
    reason: reason.data,
    actor: 'operator',
    requestKey: typed.key,
  });
  if (!('refused' in answer)) return answer;
  const { status } = problemTypes[refundRefusal(answer).code];
  return faulty(answer.refused, status, {
    left: formatMoney({ cents: answer.refundableCents, currency }),
    example: formatMoney({ cents: answer.stepCents, currency }),
  });
}
