import type { ProductInStock } from '../database/queries/products.ts';
import {
  type Accounts,
  mattersPerList,
  type OpenMatter,
  type ReconciliationRow,
} from '../database/queries/reconciliation.ts';
import type { RefundOfOrder } from '../database/queries/refunds.ts';
import type { AttentionKind } from '../database/tables.ts';
import { formatMoney } from '../shared/money.ts';
import { scopesView, sumsView } from './sums-view.ts';
import { shownTime } from './times.ts';
import {
  matterWords,
  oldestWords,
  operatorWords,
  orderWords,
  refundFaults,
  refundStateWords,
  resolutionFault,
  resolveWords,
  restockWords,
  retryWords,
  saidWords,
  sumsDiffer,
} from './words.ts';

/** The names of what the page may say at its top. */
export type Said = keyof typeof saidWords;
export const saidNames = Object.keys(saidWords) as Said[];

/** Why a refund was not promised. */
export type RefundFault = keyof typeof refundFaults;

/** The refund form, as it was typed. */
export interface TypedRefund {
  readonly order: string;
  readonly amount: string;
  readonly reason: string;
  readonly restock: keyof typeof restockWords;
  /** Under one key there is one refund, however often the form is sent. */
  readonly key: string;
}

export interface OperatorSource {
  readonly matters: readonly OpenMatter[];
  readonly products: readonly ProductInStock[];
  readonly reconciliations: readonly ReconciliationRow[];
  readonly accounts: Accounts;
  readonly said: Said | null;
  /** A matter that was not resolved, with what was typed. */
  readonly unresolved: { readonly attentionId: number; readonly typed: string } | null;
  /** The refund that was just asked for. */
  readonly refund: RefundOfOrder | null;
  readonly form: TypedRefund;
  /** What is wrong with the form; the amounts are for its words. */
  readonly fault: { readonly what: RefundFault; readonly left: string; readonly example: string } | null;
}

/** What the operator's page shows at a moment. */
export function operatorView(source: OperatorSource, now: Date) {
  const { matters, reconciliations, unresolved, fault } = source;
  const stillOpen = matters.some(({ attentionId: id }) => id === unresolved?.attentionId);
  const said = unresolved && !stillOpen ? 'gone' : source.said;
  const notice = said && saidWords[said];
  const faultSays = fault && faultText(fault);
  const refund = refundView(source, faultSays);
  return {
    // What is new comes first for those who listen.
    title:
      faultSays ?? (stillOpen ? resolutionFault : (notice?.text ?? refund.done?.text ?? operatorWords.title)),
    notice,
    matters: matters.map((matter) => matterView(matter, unresolved, now)),
    more: matters.length === mattersPerList ? oldestWords(mattersPerList) : null,
    sums: sumsView(source.accounts, source.products, now),
    scopes: scopesView(reconciliations, now),
    refund,
  };
}

function matterView(matter: OpenMatter, unresolved: OperatorSource['unresolved'], now: Date) {
  const { attentionId: id, kind, orderId, token } = matter;
  const refused = unresolved?.attentionId === id ? unresolved : null;
  const again: Partial<Record<AttentionKind, string>> = retryWords;
  return {
    id,
    word: matterWords[kind],
    // The sums come as a long list of figures, which the tables show better.
    reason: kind === 'accounts_wrong' ? sumsDiffer : matter.reason,
    order: orderId !== null && token !== null ? { name: orderWords(orderId), token } : null,
    time: shownTime(matter.raisedAt, now),
    retrySays: again[kind] ?? null,
    resolveSays: resolveWords(kind),
    typed: refused?.typed ?? '',
    fault: refused && resolutionFault,
  };
}

function refundView({ refund, form, fault }: OperatorSource, faultSays: string | null) {
  return {
    ...form,
    choices: Object.entries(restockWords).map(([value, text]) => ({
      value,
      text,
      chosen: value === form.restock,
    })),
    done: refund && promisedView(refund),
    field: fault ? refundFaults[fault.what].field : null,
    fault: faultSays,
  };
}

function promisedView({ refundId: id, orderId, amountCents: cents, state, ...order }: RefundOfOrder) {
  const amount = formatMoney({ cents, currency: order.currency });
  const name = orderWords(orderId);
  const says = refundStateWords(id, amount, state === 'made');
  return { text: name + says, says, name, token: order.token };
}

function faultText({ what, left, example }: NonNullable<OperatorSource['fault']>): string {
  return refundFaults[what].text.replace('{left}', () => left).replace('{example}', () => example);
}
