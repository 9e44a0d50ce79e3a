import type { LivingExecutor } from '../database/queries/executors.ts';
import type { RefundOfOrder } from '../database/queries/orders.ts';
import {
  type Accounts,
  attentionPerPage,
  type OpenAttentionItem,
  type ReconciliationRow,
} from '../database/queries/reconciliation.ts';
import type { RefundableDetails } from '../database/queries/refundable.ts';
import type { AttentionReason } from '../domain/attention.ts';
import { unitsToRefund } from '../domain/refund.ts';
import { formatMoney } from '../shared/money.ts';
import { shownTime } from '../storefront/times.ts';
import { orderWords } from '../storefront/words.ts';
import { type ShippingSource, shippingView } from './shipping-view.ts';
import { processesView, scopesView, sumsView } from './sums-view.ts';
import {
  attentionReasonText,
  attentionTimesWords,
  attentionWords,
  operatorWords,
  outcomeWords,
  refundAllWords,
  refundDeliveryWords,
  refundedLineWords,
  refundFaults,
  refundStateWords,
  refundUnitsWords,
  resolutionFault,
  resolveWords,
  restockWords,
  retryWords,
} from './words.ts';

/** The results of an action that the page can show. */
export type Outcome = keyof typeof outcomeWords;
export const outcomeNames = Object.keys(outcomeWords) as Outcome[];

/** Why a refund was not promised. */
export type RefundFault = keyof typeof refundFaults;

/** The refund form, as it was typed. */
export interface TypedRefund {
  readonly order: string;
  readonly amount: string;
  readonly reason: string;
  /** By the name of its field: `units-` or, for shipped ones, `shipped-` and the SKU. */
  readonly units: Readonly<Record<string, string>>;
  readonly delivery: boolean;
  /** All that is left of the payment. */
  readonly all: boolean;
  readonly restock: keyof typeof restockWords;
  /** Under one key there is one refund, however often the form is sent. */
  readonly key: string;
}

export interface OperatorSource {
  readonly attention: readonly OpenAttentionItem[];
  readonly reconciliations: readonly ReconciliationRow[];
  readonly accounts: Accounts;
  readonly executors: readonly LivingExecutor[];
  readonly outcome: Outcome | null;
  /** The page of the stock, from 1 on. */
  readonly stockPage: number;
  /** The attention item after which the list begins; null for its beginning. */
  readonly after: number | null;
  /** An attention item that was not resolved, with what was typed. */
  readonly unresolved: { readonly attentionId: number; readonly typed: string } | null;
  readonly shipping: ShippingSource;
  /** The refund that was just asked for. */
  readonly refund: RefundOfOrder | null;
  readonly form: TypedRefund;
  /** The order of the form, whose units can be chosen; null before there is one. */
  readonly refundable: RefundableDetails | null;
  /** The fault of the form; the amounts are parameters of its text. */
  readonly fault: { readonly what: RefundFault; readonly left: string; readonly example: string } | null;
}

/** The model of the operator's page at a moment. */
export function operatorView(source: OperatorSource, now: Date) {
  const { attention, reconciliations, unresolved, fault } = source;
  const stillOpen = attention.some(({ attentionId: id }) => id === unresolved?.attentionId);
  const outcome = unresolved && !stillOpen ? 'gone' : source.outcome;
  const notice = outcome && outcomeWords[outcome];
  const faultMessage = fault && faultText(fault);
  const refund = refundView(source, faultMessage);
  const shipping = shippingView(source.shipping, now);
  return {
    // Screen readers read the title first, so it starts with what has changed.
    title:
      faultMessage ??
      shipping.fault ??
      (stillOpen ? resolutionFault : notice?.text) ??
      refund.done?.title ??
      shipping.done?.title ??
      operatorWords.title,
    notice,
    attention: attention.map((item) => attentionView(item, source, now)),
    // Forms send it too, so that their answer shows the same items.
    here: queryOf(source.after),
    first: source.after !== null,
    more: attention.length < attentionPerPage ? null : queryOf(attention.at(-1)?.attentionId ?? null),
    sums: sumsView(source.accounts, source.stockPage, now),
    scopes: scopesView(reconciliations, now),
    processes: processesView(source.executors, now),
    refund,
    shipping,
  };
}

function queryOf(after: number | null): string {
  return after === null ? '' : `?after=${after}`;
}

function attentionView(item: OpenAttentionItem, { unresolved }: OperatorSource, now: Date) {
  const { attentionId: id, kind, orderId, token } = item;
  const refused = unresolved?.attentionId === id ? unresolved : null;
  return {
    id,
    word: attentionWords[kind],
    reason: reasonText(item.reason),
    times: item.count > 1 ? attentionTimesWords(item.count) : null,
    order: orderId !== null && token !== null ? { name: orderWords(orderId), token } : null,
    time: shownTime(item.raisedAt, now),
    // The form below comes with the order and a reason.
    refund: kind === 'return_asked' && orderId !== null ? `/operator?order=${orderId}#refund` : null,
    retryHint: retryWords(kind, item.reason.code),
    resolveHint: resolveWords(kind, item.reason.code),
    typed: refused?.typed ?? '',
    fault: refused && resolutionFault,
  };
}

/** The figures of wrong sums are left to the tables of the page. */
function reasonText(reason: AttentionReason): string {
  const text = attentionReasonText(reason);
  return reason.code === 'accounts_wrong' ? `${text} ${operatorWords.sums.below}` : text;
}

function refundView({ refund, form, refundable, fault }: OperatorSource, faultMessage: string | null) {
  return {
    ...form,
    parts: refundable && partsView(refundable, form),
    choices: Object.entries(restockWords).map(([value, text]) => ({
      value,
      text,
      chosen: value === form.restock,
    })),
    done: refund && promisedView(refund),
    field: fault ? refundFaults[fault.what].field : null,
    fault: faultMessage,
  };
}

function partsView(order: RefundableDetails, { units, delivery, all }: TypedRefund) {
  const { deliveryCents: cents, deliveryRefunded, leftCents, currency } = order;
  const fields = order.lines.flatMap((line) => {
    const { sku, product } = line;
    const { left, shipped } = unitsToRefund(line);
    return [
      { id: `units-${sku}`, count: left, label: refundUnitsWords(product, left, false) },
      { id: `shipped-${sku}`, count: shipped, label: refundUnitsWords(product, shipped, true) },
    ].filter(({ count }) => count > 0);
  });
  return {
    units: fields.map(({ id, label }) => ({ id, label, typed: units[id] ?? '0' })),
    refunded: order.lines
      .filter(({ quantity, refunded }) => refunded === quantity)
      .map(({ product }) => refundedLineWords(product)),
    delivery: cents > 0 && !deliveryRefunded ? refundDeliveryWords(formatMoney({ cents, currency })) : null,
    deliveryChosen: delivery,
    all: refundAllWords(formatMoney({ cents: leftCents, currency })),
    allChosen: all,
  };
}

function promisedView({ refundId: id, orderId, amountCents: cents, state, ...order }: RefundOfOrder) {
  const amount = cents > 0 ? formatMoney({ cents, currency: order.currency }) : null;
  const name = orderWords(orderId);
  const text = refundStateWords(id, amount, state === 'made');
  return { title: name + text, text, name, token: order.token };
}

function faultText({ what, left, example }: NonNullable<OperatorSource['fault']>): string {
  return refundFaults[what].text.replace('{left}', () => left).replace('{example}', () => example);
}
