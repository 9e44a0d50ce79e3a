/** The limit on checkouts from one address in this process, counted together over all routes that start one. */
export function checkoutLimit(checkoutsPerMinute: number) {
  return { rateLimit: { max: checkoutsPerMinute, timeWindow: '1 minute', groupId: 'checkout' } };
}

/** The limit on changes of carts from one address in this process: more than hands can do, less than fills a disk. */
export const cartLimit = { rateLimit: { max: 600, timeWindow: '1 minute', groupId: 'cart' } };
