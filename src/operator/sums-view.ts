import { z } from 'zod';
import type { LivingExecutor } from '../database/queries/executors.ts';
import type { Accounts, ReconciliationRow } from '../database/queries/reconciliation.ts';
import { formatMoney, numberLocale } from '../shared/money.ts';
import { type ShownTime, shownTime } from '../storefront/times.ts';
import { contradictionWords, nothingRepaired, repairWords, scopeWords, stockPagesWords } from './words.ts';

const counts = z.record(z.string(), z.number());

/** Products on one page of the stock. */
const stockPerPage = 50;

/**
 * The sums of stock, discount codes and money at the moment `now`, at which they were added up.
 * @param stockPage the page of the stock, from 1 on; the last one for a number beyond it
 */
export function sumsView(accounts: Accounts, stockPage: number, now: Date) {
  const pages = Math.max(1, Math.ceil(accounts.stock.length / stockPerPage));
  const here = Math.min(stockPage, pages);
  // A product that does not add up is on the first page, however many there are.
  const stock = accounts.stock.toSorted((a, b) => Number(a.balanced) - Number(b.balanced));
  const shown = stock.slice((here - 1) * stockPerPage, here * stockPerPage);
  return {
    time: shownTime(now, now),
    contradictions: contradictionWords(accounts.contradictions),
    consistent: accounts.contradictions === 0,
    money: accounts.money.map(({ currency, charged, refunded, refund_due: due, earned: kept }) => {
      const shown = (cents: number) => formatMoney({ cents, currency });
      return {
        currency,
        charged: shown(charged),
        refunded: shown(refunded),
        due: shown(due),
        kept: shown(kept),
      };
    }),
    stock: shown.map(({ product: name, available, held, sold, supplied, balanced }) => ({
      name,
      available: figure(available),
      held: figure(held),
      sold: figure(sold),
      supplied: figure(supplied),
      balanced,
    })),
    codes: accounts.codes.map(({ code: name, free, held, used, issued, balanced }) => ({
      name,
      available: figure(free),
      held: figure(held),
      sold: figure(used),
      supplied: figure(issued),
      balanced,
    })),
    pages: {
      text: stockPagesWords(
        (here - 1) * stockPerPage + 1,
        (here - 1) * stockPerPage + shown.length,
        stock.length,
      ),
      before: here > 1 ? here - 1 : null,
      after: here < pages ? here + 1 : null,
    },
  };
}

/** The results of reconciliation in both scopes. */
export function scopesView(reconciliations: readonly ReconciliationRow[], now: Date) {
  return (['shop', 'provider'] as const).map((scope) => {
    const row = reconciliations.find((one) => one.scope === scope);
    return scopeView(scope, row, now);
  });
}

function scopeView(scope: keyof typeof scopeWords, row: ReconciliationRow | undefined, now: Date) {
  const time: ShownTime | null = row ? shownTime(row.lastRunAt, now) : null;
  const last = row && 'differences' in row.report ? row.report['differences'] : row?.report;
  return {
    name: scopeWords[scope],
    time,
    runs: figure(row?.runs ?? 0),
    last: row ? repairs(last) : '',
    inAll: row ? repairs(row.repaired) : '',
  };
}

function repairs(found: unknown): string {
  const said = Object.entries(counts.safeParse(found).data ?? {})
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${figure(count)} ${repairWords[what]?.[count === 1 ? 0 : 1] ?? what}`);
  return said.length > 0 ? said.join(', ') : nothingRepaired;
}

/** The living processes. */
export function processesView(executors: readonly LivingExecutor[], now: Date) {
  return executors.map(({ executorId: name, host, build, startedAt, takenOver }) => ({
    name,
    host,
    build,
    since: shownTime(startedAt, now),
    takenOver: figure(takenOver),
  }));
}

const wholeNumber = new Intl.NumberFormat(numberLocale);

function figure(count: number): string {
  return wholeNumber.format(count);
}
