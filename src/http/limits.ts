/** The limit on checkouts from one address in this process, counted together over all routes that start one. */
export function checkoutLimit(checkoutsPerMinute: number) {
  return { rateLimit: { max: checkoutsPerMinute, timeWindow: '1 minute', groupId: 'checkout' } };
}
