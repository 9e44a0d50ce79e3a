const orderNumber = /^[1-9]\d{0,9}$/;
const largestOrderNumber = 2 ** 31 - 1;

/** Our order in a reference that we gave the provider; null for anything else. */
export function orderReference(reference: string | null | undefined): number | null {
  const orderId = orderNumber.test(reference ?? '') ? Number(reference) : Number.NaN;
  return orderId <= largestOrderNumber ? orderId : null;
}

/** The id of a charge, which the provider sends alone or with the whole object. */
export function transactionOf(intent: string | { readonly id: string } | null | undefined): string | null {
  return typeof intent === 'string' ? intent : (intent?.id ?? null);
}
