import type { Fixture } from './fixture.ts';
import { readLedger } from './promises.ts';
import { waitFor } from './wait.ts';

// Actions of tests on a shop that was started as by `npm start`, beside its pages.

/** Kills the process that answers, as by `kill -9`; when this returns, it is gone. */
export async function crash({ shopUrl }: Pick<Fixture, 'shopUrl'>): Promise<void> {
  const answer = await fetch(`${shopUrl}/crash_application`, { method: 'POST' }).catch(() => 'gone');
  if (answer !== 'gone') throw new Error('The shop was to die, and it answered.');
}

/** Waits until the shop takes requests and works again. */
export async function reopened({ shopUrl }: Pick<Fixture, 'shopUrl'>): Promise<void> {
  await waitFor(
    'the shop to open again',
    () => fetch(`${shopUrl}/readyz`),
    ({ ok }) => ok,
  );
}

/** How many orders the shop has, and how many charges the payment service. */
export async function countOrders(
  shop: Pick<Fixture, 'shopUrl' | 'paymentUrl'>,
): Promise<{ orders: number; charges: number }> {
  const orders = (await (await fetch(`${shop.shopUrl}/orders`)).json()) as unknown[];
  const { charges } = await readLedger(shop.paymentUrl);
  return { orders: orders.length, charges: charges.length };
}
