import { signatureHeader } from './signature.ts';

/** What is posted: a body and the header that claims to sign it. */
export interface SignedBody {
  readonly body: string;
  readonly signature: string;
}

type Forge = (body: string, secret: string, timestampSeconds: number) => SignedBody;

// Stripe's own tolerance is five minutes.
const secondsTooOld = 301;

/** Messages that nobody may believe, each wrong in one way. */
export const forgeries: readonly Forge[] = [
  function wrongSecret(body, secret, timestamp) {
    return { body, signature: signatureHeader(body, `${secret}_of_another`, timestamp) };
  },
  function signatureOfAnotherBody(body, secret, timestamp) {
    return { body, signature: signatureHeader(`${body} `, secret, timestamp) };
  },
  function truncatedBody(body, secret, timestamp) {
    return { body: body.slice(0, body.length / 2), signature: signatureHeader(body, secret, timestamp) };
  },
  function tamperedAmount(body, secret, timestamp) {
    const tampered = body.replaceAll(/"(amount\w*)":\d+/g, '"$1":1');
    return { body: tampered, signature: signatureHeader(tampered, `${secret}_of_another`, timestamp) };
  },
  function tooOld(body, secret, timestamp) {
    return { body, signature: signatureHeader(body, secret, timestamp - secondsTooOld) };
  },
];
