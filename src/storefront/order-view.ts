import type { OrderStory } from '../database/queries/order-story.ts';
import type { OrderLine, OrderWithPayment } from '../database/queries/orders.ts';
import { formatMoney } from '../shared/money.ts';
import { isEnded, lateForMs } from './order-ending.ts';
import { type Fact, factsOf } from './order-facts.ts';
import { type Sentence, sentencesOf } from './order-sentences.ts';
import { type DispatchView, dispatchView } from './progress-view.ts';
import { type Step, timeline } from './timeline.ts';
import { type ShownTime, shownTime } from './times.ts';
import { orderWords, payWords, statusWords, words } from './words.ts';

interface LineView {
  readonly name: string;
  readonly image: string;
  readonly quantity: number;
  readonly unit: string;
  readonly sum: string;
}

interface HoldView {
  readonly over: boolean;
  readonly time: ShownTime;
  readonly wholeSeconds: number;
  readonly leftSeconds: number;
  readonly leftMs: number;
}

export interface OrderView {
  readonly title: string;
  readonly name: string;
  readonly token: string;
  /** Nothing will change any more, so nothing needs to look again. */
  readonly final: boolean;
  /** For how long a payment of a cancelled order may still show, in milliseconds; null when none is waited for. */
  readonly lateForMs: number | null;
  readonly status: string;
  readonly word: string;
  readonly sign: string;
  readonly sentences: readonly Sentence[];
  /** How long the units are held for a payment; null when none is waited for. */
  readonly hold: HoldView | null;
  /** The way to the payment page; null when there is none. Such an order may also be cancelled. */
  readonly pay: { readonly url: string; readonly text: string } | null;
  readonly dispatch: DispatchView | null;
  readonly stepsTitle: string;
  readonly steps: readonly Step[];
  readonly linesTitle: string;
  readonly lines: readonly LineView[];
  readonly total: string;
  readonly facts: readonly Fact[];
  /** There is something to keep on paper. */
  readonly receipt: boolean;
  /** What was in the cart is in there still. */
  readonly backToCart: boolean;
}

/** What an order's page shows at a moment. */
export function orderView(story: OrderStory, now: Date): OrderView {
  const { order, lines, history } = story;
  const { currency } = order;
  const name = orderWords(order.orderId);
  const total = formatMoney({ cents: order.totalCents, currency });
  const { word, sign } = statusWords[order.status];
  const hold = awaitsPayment(story) ? holdView(order, now) : null;
  const late = lateForMs(story, now);
  const wasRefused = order.status === 'cancelled' && !history.some(({ what }) => what === 'placed');
  return {
    title: `${name}: ${word}`,
    name,
    token: order.token,
    final: isEnded(story) && late === null,
    lateForMs: late,
    status: order.status,
    word,
    sign,
    sentences: sentencesOf(story, now),
    hold,
    pay: hold && !hold.over && order.paymentUrl ? { url: order.paymentUrl, text: payWords(total) } : null,
    dispatch: dispatchView(order, now),
    stepsTitle: isEnded(story) ? words.order.timelineAfter : words.order.timeline,
    steps: timeline(order, history, now),
    linesTitle: wasRefused ? words.order.wanted : words.order.bought,
    lines: lines.map((line) => lineView(line, currency)),
    total,
    facts: factsOf(story),
    receipt: order.paidAt !== null,
    backToCart: order.status === 'cancelled' && order.browserId !== null && order.paidAt === null,
  };
}

function awaitsPayment({ order: { status, paymentState: payment }, history }: OrderStory): boolean {
  if (status !== 'pending' || (payment !== 'creating' && payment !== 'open')) return false;
  return !history.some(({ what }) => what === 'cancel_asked');
}

function holdView({ createdAt: from, holdExpiresAt: until }: OrderWithPayment, now: Date): HoldView {
  const leftMs = Math.max(0, until.getTime() - now.getTime());
  return {
    over: leftMs === 0,
    time: shownTime(until, now),
    wholeSeconds: Math.max(1, Math.round((until.getTime() - from.getTime()) / 1000)),
    leftSeconds: Math.round(leftMs / 1000),
    leftMs,
  };
}

function lineView(
  { product, image, quantity, unitPriceCents: cents }: OrderLine,
  currency: string,
): LineView {
  return {
    name: product,
    image,
    quantity,
    unit: formatMoney({ cents, currency }),
    sum: formatMoney({ cents: cents * quantity, currency }),
  };
}
