import { readBooks } from '../money/books.ts';
import type { StartedShop } from './npm-start.ts';
import { waitFor } from './wait.ts';

// What tests do to a shop that was started as `npm start` does, beside its pages.

/** Kills the process that answers, as by `kill -9`; when this returns, it is gone. */
export async function crash({ shopUrl }: StartedShop): Promise<void> {
  const answer = await fetch(`${shopUrl}/crash_application`, { method: 'POST' }).catch(() => 'gone');
  if (answer !== 'gone') throw new Error('The shop was to die, and it answered.');
}

/** Waits until the shop takes requests and works again. */
export async function reopened({ shopUrl }: StartedShop): Promise<void> {
  await waitFor(
    'the shop to open again',
    () => fetch(`${shopUrl}/readyz`),
    ({ ok }) => ok,
  );
}

/** How many orders the shop has, and how many charges the payment service. */
export async function countOrders(shop: StartedShop): Promise<{ orders: number; charges: number }> {
  const orders = (await (await fetch(`${shop.shopUrl}/orders`)).json()) as unknown[];
  const { charges } = await readBooks(shop.paymentUrl);
  return { orders: orders.length, charges: charges.length };
}
