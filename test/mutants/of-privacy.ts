import { type Mutant, promises } from './mutant.ts';

const foreign = 'test/payments/foreign-events.test.ts';
const erasure = 'test/privacy/erase.test.ts';

/** Personal data, and the events of other shops with the same account. */
export const privacy: readonly Mutant[] = [
  {
    name: 'the body of an event keeps the buyer',
    promise: promises.privacy,
    file: 'src/payments/stripe/events.ts',
    from: 'object: session,',
    to: 'object: data,',
    test: { file: 'src/payments/stripe/events.test.ts', name: 'without anything else about the buyer' },
  },
  {
    name: 'an event of another shop is about our order of the same number',
    promise: promises.privacy,
    file: 'src/database/transactions/ingest-payment-event.ts',
    from: '(isAbout(event, named) || (await namesOurs(sql, event)))',
    to: '(isAbout(event, named) || !(await namesOurs(sql, event)))',
    test: { file: foreign, name: 'is ignored' },
  },
  {
    name: 'the body of an ignored event is stored',
    promise: promises.privacy,
    file: 'src/database/transactions/ingest-payment-event.ts',
    from: `outcome === 'ignored' || waitsForCharge ? '{}'`,
    to: `waitsForCharge ? '{}'`,
    test: { file: foreign, name: 'is ignored' },
  },
  {
    name: 'a dispute stands where it was raised',
    promise: promises.charged,
    file: 'src/database/queries/reconciliation.ts',
    from: `(kind <> 'dispute', attention_id)`,
    to: `(kind <> kind, attention_id)`,
    test: { file: 'test/http/attention.test.ts', name: 'disputes first' },
  },
  {
    name: 'an order in progress loses its address',
    promise: promises.privacy,
    file: 'src/database/queries/personal-data.ts',
    from: `orders.status in ('pending', 'paid') then`,
    to: `orders.status in ('none') then`,
    test: { file: erasure, name: 'in progress' },
  },
  {
    name: 'the engine keeps the address of an erased order',
    promise: promises.privacy,
    file: 'src/workflows/personal-data.ts',
    from: 'if (workflowIds.length > 0) await',
    to: 'if (workflowIds.length > ordersAtOnce) await',
    test: { file: 'test/workflows/personal-data.test.ts', name: 'never paid' },
  },
  {
    name: 'an erased order keeps its postal address',
    promise: promises.privacy,
    file: 'src/database/transactions/erase-personal-data.ts',
    from: 'address = null, ',
    to: '',
    test: { file: erasure, name: 'a person with orders in every state' },
  },
  {
    name: 'an order that cannot be delivered gets a workflow with its address',
    promise: promises.privacy,
    file: 'src/checkout/start-checkout.ts',
    from: `if (typeof quote.delivery !== 'string' && isEnough)`,
    to: 'if (isEnough)',
    test: { file: 'test/http/delivery.test.ts', name: 'is refused, and the key keeps the answer' },
  },
  {
    name: 'an address is found at the end of a longer one',
    promise: promises.privacy,
    file: 'src/database/queries/mentions.ts',
    from: "(?<![[:alnum:]][!#$&'*^~]+)",
    to: '',
    test: { file: erasure, name: 'is not the end of a longer one' },
  },
  {
    name: 'an address has the small letters of JavaScript',
    promise: promises.privacy,
    file: 'src/database/queries/mentions.ts',
    from: 'select lower(form) from unnest(cast(:address as text[])) as form',
    to: 'select form from unnest(cast(:address as text[])) as form',
    test: { file: erasure, name: 'has the small letters of Postgres' },
  },
];
