import type { Mutant } from './mutant.ts';
import { contact } from './of-contact.ts';
import { locks, orders, refunds, repairs } from './of-orders.ts';
import { amounts, calls, late, messages } from './of-payments.ts';
import { privacy } from './of-privacy.ts';
import { sequences, transactions } from './of-search.ts';
import { shipments } from './of-shipments.ts';
import { storefront } from './of-storefront.ts';
import { survival } from './of-survival.ts';

/** Every rule that is broken on purpose. */
export const mutants: readonly Mutant[] = [
  ...calls,
  ...messages,
  ...late,
  ...amounts,
  ...privacy,
  ...orders,
  ...locks,
  ...refunds,
  ...shipments,
  ...repairs,
  ...sequences,
  ...transactions,
  ...storefront,
  ...contact,
  ...survival,
];
