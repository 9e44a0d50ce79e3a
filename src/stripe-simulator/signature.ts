import { createHmac } from 'node:crypto';

/** Stripe's signature scheme v1: HMAC-SHA256 over the time and the exact body, so a replay is old and a forgery wrong. */
export function signatureHeader(body: string, secret: string, timestampSeconds: number): string {
  const signature = createHmac('sha256', secret).update(`${timestampSeconds}.${body}`).digest('hex');
  return `t=${timestampSeconds},v1=${signature}`;
}
