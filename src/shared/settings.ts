import { z } from 'zod';

// Settings that the shop and the simulator read alike.

/** An address without a path, as in `https://shop.example`. */
export const origin = z
  .url({ protocol: /^https?$/ })
  .refine(
    (url) => !URL.canParse(url) || new URL(url).pathname === '/',
    'is an origin: no path after the host',
  )
  .transform((url) => new URL(url).origin);

/** The least important messages that are logged. */
export const logLevel = z
  .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  .default('info');
