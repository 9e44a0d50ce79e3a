import type { Decline, Settlement } from './model.ts';

/** The effect of using a card. */
export type CardOutcome =
  | { readonly kind: 'approve' | 'ask_bank' | 'approve_slowly' | 'dispute' | 'withhold_event' }
  | { readonly kind: 'decline'; readonly reason: Decline }
  | { readonly kind: 'settle'; readonly outcome: Settlement };

export interface TestCard {
  /** In groups, as a card shows it. */
  readonly number: string;
  readonly label: string;
  readonly outcome: CardOutcome;
}

const testCard = (number: string, label: string, outcome: CardOutcome): TestCard => ({
  number,
  label,
  outcome,
});
const declined = (reason: Decline): CardOutcome => ({ kind: 'decline', reason });
const approved = testCard('4242 4242 4242 4242', 'Approved', { kind: 'approve' });

/** The card whose bank asks its owner first. */
export const cardOfBank = testCard('4000 0025 0000 3155', 'The bank asks first', { kind: 'ask_bank' });

/** The only cards that are accepted. Numbers from Stripe's documentation act as they do there; the others are our own. */
export const testCards: readonly TestCard[] = [
  approved,
  testCard('4000 0000 0000 0002', 'Declined', declined('generic_decline')),
  testCard('4000 0000 0000 9995', 'Declined: insufficient funds', declined('insufficient_funds')),
  cardOfBank,
  testCard('4000 0000 0000 0077', 'Slow: approved after 5 seconds', { kind: 'approve_slowly' }),
  testCard('4000 0000 0000 0259', 'Approved, then disputed', { kind: 'dispute' }),
  testCard('4000 0000 0000 5555', 'Approved, but its event is never sent', { kind: 'withhold_event' }),
  testCard('4000 0000 0000 8001', 'Bank debit: the money comes later', {
    kind: 'settle',
    outcome: 'succeeded',
  }),
  testCard('4000 0000 0000 8002', 'Bank debit: the money never comes', { kind: 'settle', outcome: 'failed' }),
];

/** Finds a test card by its number, with any spaces. */
export function findTestCard(number: string): TestCard | undefined {
  const digits = number.replaceAll(/\s/g, '');
  return testCards.find((card) => card.number.replaceAll(' ', '') === digits);
}

interface Field {
  readonly value: string;
  readonly error: string | null;
}

/** The fields of the form, each with its value and its error. */
export interface CardForm {
  readonly number: Field;
  readonly expiry: Field;
  readonly cvc: Field;
}

/** The form with the chosen card, or with one that pays. */
export function offeredForm(number: unknown): CardForm {
  const card = typeof number === 'string' ? findTestCard(number) : undefined;
  return {
    number: { value: (card ?? approved).number, error: null },
    expiry: { value: '12 / 34', error: null },
    cvc: { value: '123', error: null },
  };
}

/** Reads a submitted form. The card is undefined when a field is invalid. No number is ever stored. */
export function readCardForm(body: unknown, now: Date): { card: TestCard | undefined; form: CardForm } {
  const number = fieldOf(body, 'number');
  const expiry = fieldOf(body, 'expiry');
  const cvc = fieldOf(body, 'cvc');
  const card = findTestCard(number);
  const form = {
    number: { value: number, error: numberError(number, card) },
    expiry: { value: expiry, error: expiryError(expiry, now) },
    cvc: { value: cvc, error: /^\d{3,4}$/.test(cvc) ? null : 'Three or four digits.' },
  };
  const isRight = Object.values(form).every(({ error }) => error === null);
  return { card: isRight ? card : undefined, form };
}

function fieldOf(body: unknown, name: string): string {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  return typeof value === 'string' ? value.trim().slice(0, 40) : '';
}

function numberError(number: string, card: TestCard | undefined): string | null {
  if (card !== undefined) return null;
  if (number === '') return 'Enter a card number.';
  return 'This is not a test card. Choose one from the list; a real card is never taken here.';
}

function expiryError(expiry: string, now: Date): string | null {
  const [, month, year] = /^(\d{1,2})\s*\/\s*(?:20)?(\d{2})$/.exec(expiry) ?? [];
  if (month === undefined || Number(month) < 1 || Number(month) > 12) return 'Month and year, like 12 / 34.';
  const firstDayAfter = new Date(2000 + Number(year), Number(month), 1);
  return firstDayAfter <= now ? 'This date has passed.' : null;
}
