import { formatMoney } from '../shared/money.ts';
import { type CardForm, cardOfBank, type TestCard, testCards } from './cards.ts';
import {
  cancelAddress,
  type Decline,
  type LineItem,
  type Session,
  type Shipping,
  successAddress,
} from './model.ts';

const declines: Readonly<Record<Decline, string>> = {
  generic_decline: 'The card was declined.',
  insufficient_funds: 'The card was declined: there is not enough money on it.',
  authentication_required: 'The card was declined: your bank could not confirm that it is you.',
};

/**
 * The model of the payment page, with formatted texts.
 * @param businessName the name of the account; undefined shows the host to which the shopper returns
 */
export function paymentPage(
  session: Session,
  form: CardForm,
  now: Date,
  businessName = new URL(session.successUrl).host,
) {
  return {
    status: session.status,
    payment: session.payment,
    path: `/pay/${session.id}`,
    shop: businessName,
    total: formatMoney({ cents: session.amountTotal, currency: session.currency }),
    lines: session.lineItems.map((item) => lineView(item, session.currency)),
    discount:
      session.amountDiscount === 0
        ? null
        : formatMoney({ cents: -session.amountDiscount, currency: session.currency }),
    email: session.customerEmail,
    shipping: session.shipping && shippingLine(session.shipping),
    declined: session.lastDecline && declines[session.lastDecline],
    form,
    faulty: Object.values(form).some(({ error }) => error !== null),
    cards: testCards.map((card) => ({ ...cardView(card), chosen: card.number === form.number.value })),
    bank_card: cardView(cardOfBank),
    ...holdView(session, now),
    until: formatUntil(session.expiresAt, now),
    until_iso: session.expiresAt.toISOString(),
    success_address: successAddress(session),
    cancel_address: cancelAddress(session),
  };
}

/** The origins that the page's forms may lead to. Chromium applies `form-action` to the redirect after a form as well. */
export function formTargets(session: Session): string[] {
  const origins = [successAddress(session), cancelAddress(session)].map((address) => new URL(address).origin);
  return [...new Set(origins)];
}

/** A card by its last digits, as receipts show it. */
function cardView({ number, label }: TestCard) {
  return { number, label, first: number.slice(0, -4), last: number.slice(-4) };
}

function lineView(item: LineItem, currency: string) {
  return {
    name: item.name,
    description: item.description,
    quantity: item.quantity,
    unit: formatMoney({ cents: item.unitAmount, currency }),
    amount: formatMoney({ cents: item.unitAmount * item.quantity, currency }),
  };
}

/** The recipient in one line. */
function shippingLine({ name, address }: Shipping): string {
  const { line1, line2, postal_code: postalCode, city, state, country } = address;
  return [name, line1, line2, postalCode, city, state, country]
    .filter((part) => part !== undefined)
    .join(', ');
}

function holdView(session: Session, now: Date) {
  const millisecondsLeft = Math.max(0, session.expiresAt.getTime() - now.getTime());
  return {
    milliseconds_left: millisecondsLeft,
    seconds_left: Math.ceil(millisecondsLeft / 1000),
    seconds_held: Math.max(1, Math.ceil((session.expiresAt.getTime() - session.createdAt.getTime()) / 1000)),
  };
}

/** The time, with its day unless it is today. */
function formatUntil(date: Date, now: Date): string {
  const day = date.toDateString() === now.toDateString() ? {} : ({ day: 'numeric', month: 'long' } as const);
  return new Intl.DateTimeFormat('en-GB', {
    ...day,
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(date);
}
