import type {
  EmailContent,
  EmailedShipment,
  EmailLine,
  FoundOrder,
  KeptEmail,
  PlannedEmail,
} from '../database/queries/emails.ts';
import { mostFoundOrders } from '../domain/limits.ts';
import { addressLines } from '../domain/postal-address.ts';
import { arrivalOf } from '../domain/shipment.ts';
import { formatMoney } from '../shared/money.ts';
import { type AmountsView, amountsView } from './amounts-view.ts';
import {
  collectedWords,
  emailWords,
  endWords,
  foundWords,
  lateWords,
  nextWords,
  paidWords,
  parcelArrivalWords,
  parcelNotes,
  refundReasonWords,
  refundWords,
  subjectWords,
  titleWords,
} from './email-words.ts';
import type { Renderer } from './render.ts';
import { longTime, shownDay } from './times.ts';
import { itemWords, orderWords, refundNotes, statusWordsOf } from './words.ts';

/**
 * Composes messages to buyers, as text and as HTML. `publicUrl` is the shop's origin.
 * @returns null when the occasion of a message is no longer true
 */
export function emailComposer(
  renderer: Renderer,
  publicUrl: string,
): (email: PlannedEmail) => Promise<EmailContent | null> {
  return async (planned) => {
    const email = emailView(planned, publicUrl);
    if (!email) return null;
    const [text, html] = await Promise.all([
      renderer.renderText('emails/message', { email }),
      renderer.render('emails/message', { email }),
    ]);
    return { subject: email.subject, text, html };
  };
}

/** The model of a message about the order as it is now; null when its occasion is no longer true. */
function emailView(email: PlannedEmail, publicUrl: string) {
  const paragraphs = paragraphsOf(email);
  if (!paragraphs) return null;
  const { orderId, kind, refund, isCollected = false } = email;
  const refunded = refund ? money(email, refund.amountCents) : '';
  return {
    subject: subjectWords(kind, { orderId, refunded, isCollected }),
    title: kind === 'shipped' && isCollected ? collectedWords.shipped : titleWords[kind],
    name: kind === 'orders_found' ? '' : orderWords(orderId),
    paragraphs,
    shipment: email.shipment ? shipmentView(email.shipment, isCollected) : null,
    lines: email.lines.map((line) => lineView(line, email)),
    amounts: amountsOf(email),
    // Anybody can place an order with anybody's e-mail address. Only a paid one carries the text of its buyer.
    address:
      (kind === 'order_confirmed' || kind === 'shipped') && email.address
        ? addressLines(email.address).map(onOneLine)
        : [],
    refund: refund && { amount: refunded, reason: reasonOf(refund) },
    orderUrl: `${publicUrl}/orders/${email.token}`,
    found: kind === 'orders_found' ? foundView(email.found ?? [], publicUrl) : null,
  };
}

function foundView(found: readonly FoundOrder[], publicUrl: string) {
  return {
    orders: found.slice(0, mostFoundOrders).map((order) => ({
      name: orderWords(order.orderId),
      word: statusWordsOf(order).word,
      time: longTime(new Date(order.createdAt)),
      items: order.items.map(({ product, quantity }) => itemWords(onOneLine(product), quantity)).join(', '),
      url: `${publicUrl}/orders/${order.token}`,
    })),
    more: found.length > mostFoundOrders ? foundWords.more(mostFoundOrders) : null,
  };
}

/** What the order costs. A step that an earlier release recorded lacks what that release did not know. */
function amountsOf(email: PlannedEmail): AmountsView {
  return amountsView({
    subtotalCents: email.totalCents,
    discountCents: 0,
    discountCode: null,
    deliveryCents: 0,
    deliveryName: null,
    taxCents: 0,
    taxName: null,
    taxIncluded: false,
    deliveryTaxCents: 0,
    deliveryTaxRate: null,
    ...email,
    lines: email.lines.map(({ taxCents = 0, taxRate = null }) => ({ taxCents, taxRate })),
  });
}

/** The operator's reason for a refund, or the shop's own. */
function reasonOf({ reason, note }: NonNullable<PlannedEmail['refund']>): string {
  return onOneLine(reason === 'operator' ? (note ?? '') : refundReasonWords[reason]);
}

function paragraphsOf(email: PlannedEmail): string[] | null {
  const total = money(email, email.totalCents);
  switch (email.kind) {
    case 'order_confirmed':
      return [paidWords(total), ...(email.paidLate ? [emailWords.lateButYours] : []), next(email)];
    case 'order_cancelled':
      return whyCancelled(email, total);
    case 'shipped':
      return aboutShipment(email);
    case 'refund_made':
      return [
        refundWords(money(email, email.refund?.amountCents ?? 0), total),
        refundNotes.soon,
        ...unsent(email),
      ];
    case 'orders_found':
      return [foundWords.lead];
  }
}

function unsent({ status, nothingSent = false, isCollected = false }: PlannedEmail): string[] {
  return status === 'dispatched' && nothingSent ? [(isCollected ? collectedWords : nextWords).nothing] : [];
}

function next(email: PlannedEmail): string {
  const { status, paymentState, fulfilment, nothingSent = false, isCollected = false } = email;
  const words = isCollected ? collectedWords : nextWords;
  if (paymentState === 'refunded') return nextWords.refunded;
  if (paymentState === 'refund_due') return nextWords.refunding;
  if (status === 'dispatched') return nothingSent ? words.nothing : words.dispatched;
  return fulfilment === 'manual' ? words.preparing : words.dispatching;
}

function aboutShipment(email: PlannedEmail): string[] | null {
  const { shipment, status, paymentState, deliveryDaysFrom = null, deliveryDaysTo = null } = email;
  if (!shipment) return null;
  const { isCollected = false } = email;
  const days = isCollected ? null : arrivalOf(new Date(shipment.shippedAt), deliveryDaysFrom, deliveryDaysTo);
  const isLast = shipment.isNewest && status === 'dispatched';
  const hasMore = !shipment.isNewest || (status === 'paid' && paymentState === 'settled');
  return [
    ...(days ? [parcelArrivalWords(shownDay(days.from), shownDay(days.to))] : []),
    ...(isLast ? [(isCollected ? collectedWords : parcelNotes).last] : []),
    ...(hasMore ? [parcelNotes.more] : []),
  ];
}

function shipmentView({ carrier, trackingNumber, link, items }: EmailedShipment, isCollected: boolean) {
  return {
    title: isCollected ? collectedWords.parcel : emailWords.parcel,
    carrier: carrier && onOneLine(carrier),
    number: trackingNumber && onOneLine(trackingNumber),
    link,
    items: items.map(({ product, quantity }) => ({ name: onOneLine(product), quantity })),
  };
}

/** An order that was paid late and goes out after all is not cancelled any more. */
function whyCancelled(email: PlannedEmail, total: string): string[] | null {
  const { cancelReason, paymentState, holdExpiresAt } = email;
  if (cancelReason === null) return null;
  const why = endWords[cancelReason].replace('{time}', longTime(new Date(holdExpiresAt)));
  if (paymentState === 'refunded') return [why, lateWords(total, true)];
  if (paymentState === 'refund_due') return [why, lateWords(total, false)];
  return [why, emailWords.nothingCharged];
}

function lineView({ product, quantity, unitPriceCents }: EmailLine, email: PlannedEmail) {
  return {
    name: onOneLine(product),
    quantity,
    unit: money(email, unitPriceCents),
    sum: money(email, unitPriceCents * quantity),
  };
}

function money({ currency }: PlannedEmail, cents: number): string {
  return formatMoney({ cents, currency });
}

/** Text of other origin as a part of a line: it cannot pass for lines of ours in the text part. */
function onOneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim();
}

/** The page of messages that were kept instead of sent. */
export function outboxView(emails: readonly (KeptEmail & { readonly messageId: string })[]) {
  return {
    messages: emails.map((email) => ({
      id: email.emailId,
      subject: email.subject,
      to: email.to,
      messageId: email.messageId,
      text: email.textBody,
      time: { iso: email.sentAt.toISOString(), text: longTime(email.sentAt) },
      order: { name: orderWords(email.orderId), token: email.token },
    })),
  };
}
