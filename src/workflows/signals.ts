/** The workflow that carries one checkout from the reservation to the payment. */
export function checkoutWorkflowId(checkoutKey: string): string {
  return `checkout-${checkoutKey}`;
}

/** On this topic a checkout is woken when its payment has changed, or its shopper wants to cancel. */
export const paymentTopic = 'payment';

/**
 * A word to a checkout. `paid`: the order is paid, with the commit that sent the word. `cancel`: its shopper wants to cancel.
 * `holdOver`: the time to pay is over. Otherwise the payment's row says what has become of it.
 */
export interface PaymentWord {
  readonly paid?: true;
  readonly cancel?: true;
  readonly holdOver?: true;
}
