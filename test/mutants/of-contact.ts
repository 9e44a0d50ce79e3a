import { type Mutant, promises } from './mutant.ts';

/** The messages that a buyer asks for, the address that they go to, and the requests after a payment. */
export const contact: readonly Mutant[] = [
  {
    name: 'an address under which nothing was paid gets a message with links',
    promise: promises.privacy,
    file: 'src/database/transactions/emails.ts',
    from: 'where lower(email) = lower(:email) and paid_at is not null\n       ), sent',
    to: 'where lower(email) = lower(:email)\n       ), sent',
    test: { file: 'test/http/find-order.test.ts', name: 'under which nothing was paid' },
  },
  {
    name: 'an address gets a message with links for each request',
    promise: promises.privacy,
    file: 'src/database/transactions/emails.ts',
    from: 'today < :perDay and last <',
    to: 'today < :perDay + 1000 and last <',
    test: { file: 'test/http/find-order.test.ts', name: 'to one address are few' },
  },
  {
    name: 'the address of an order that is marked for erasure is replaced',
    promise: promises.privacy,
    file: 'src/database/transactions/email-of-order.ts',
    from: ' and erase_asked_at is null',
    to: '',
    test: { file: 'test/http/order-contact.test.ts', name: 'marked for erasure' },
  },
  {
    name: 'the address of an order is corrected without a bound',
    promise: promises.privacy,
    file: 'src/database/transactions/email-of-order.ts',
    from: ') < :mostCorrections',
    to: ') < :mostCorrections + 100',
    test: { file: 'test/http/order-contact.test.ts', name: 'is corrected a few times, and' },
  },
  {
    name: 'a refund leaves the request for it open',
    promise: promises.operator,
    file: 'src/database/transactions/refund-order.ts',
    from: "{ ...request, resolution: 'refund_made' }",
    to: "{ ...request, subject: 'none', resolution: 'refund_made' }",
    test: { file: 'test/http/order-contact.test.ts', name: 'is answered by the refund' },
  },
  {
    name: 'a refund answers a request that came after it',
    promise: promises.operator,
    file: 'src/database/transactions/refund-order.ts',
    from: `(state = 'refunded' or (`,
    to: `(true or state = 'refunded' or (`,
    test: { file: 'test/http/order-contact.test.ts', name: 'not by one before' },
  },
  {
    name: 'the reason of a request stays when its order is erased',
    promise: promises.privacy,
    file: 'src/database/transactions/erase-personal-data.ts',
    from: "where key in ('error', 'message')",
    to: "where key in ('error')",
    test: { file: 'test/http/order-contact.test.ts', name: 'loses its reason' },
  },
  {
    name: 'a mistyped address is never questioned',
    promise: promises.privacy,
    file: 'src/http/routes/cart-checkout.ts',
    from: '![take, kept].includes(typed.email)',
    to: '[take, kept].includes(typed.email)',
    test: { file: 'test/http/cart-checkout.test.ts', name: 'is questioned once' },
  },
];
