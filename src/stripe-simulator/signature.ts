import { createHmac } from 'node:crypto';

/** A body and the header that signs it, or claims to. */
export interface SignedBody {
  readonly body: string;
  readonly signature: string;
}

type Sign = (body: string, secret: string, timestampSeconds: number) => SignedBody;

// One second above Stripe's tolerance of five minutes.
const secondsTooOld = 301;

/** Signs with Stripe's scheme v1: HMAC-SHA256 over the time and the exact body. */
export function signed(body: string, secret: string, timestampSeconds: number): SignedBody {
  const hash = createHmac('sha256', secret).update(`${timestampSeconds}.${body}`).digest('hex');
  return { body, signature: `t=${timestampSeconds},v1=${hash}` };
}

/** Forgeries that a receiver must refuse, each with one fault. */
export const forgeries: readonly Sign[] = [
  function wrongSecret(body, secret, timestamp) {
    return signed(body, `${secret}_of_another`, timestamp);
  },
  function signatureOfAnotherBody(body, secret, timestamp) {
    return { ...signed(`${body} `, secret, timestamp), body };
  },
  function truncatedBody(body, secret, timestamp) {
    return { ...signed(body, secret, timestamp), body: body.slice(0, body.length / 2) };
  },
  function tamperedAmount(body, secret, timestamp) {
    const tampered = body.replaceAll(/"(amount\w*)":\d+/g, '"$1":1');
    return signed(tampered, `${secret}_of_another`, timestamp);
  },
  function tooOld(body, secret, timestamp) {
    return signed(body, secret, timestamp - secondsTooOld);
  },
];
