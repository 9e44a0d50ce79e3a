/** The workflow that carries one checkout from the reservation to the payment. */
export function checkoutWorkflowId(checkoutKey: string): string {
  return `checkout-${checkoutKey}`;
}

/** Set once the shopper can be answered; its value is the id of the request that started the checkout. */
export const checkoutAnswered = 'checkout-answered';

/** On this topic a checkout is woken when its payment has changed, or its shopper wants to cancel. */
export const paymentTopic = 'payment';

/** A word to a checkout. The payment's row says what has become of it; only the shopper's wish stands in the word itself. */
export interface PaymentWord {
  readonly cancel?: true;
}
