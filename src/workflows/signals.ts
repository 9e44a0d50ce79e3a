/** The workflow that carries one checkout from the reservation to the payment. */
export function checkoutWorkflowId(checkoutKey: string): string {
  return `checkout-${checkoutKey}`;
}

/** The workflow that dispatches one paid order. */
export function dispatchWorkflowId(orderId: number): string {
  return `dispatch-${orderId}`;
}

/** Set once the shopper can be answered; its value is the id of the request that started the checkout. */
export const checkoutAnswered = 'checkout-answered';

/** On this topic a checkout is woken when its payment has changed. */
export const paymentTopic = 'payment';
