import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiError } from './errors.ts';

/** Checks the `Authorization: Bearer` header against the one API key. Undefined: it may pass. */
export function refusal(authorization: string | undefined, secretKey: string): ApiError | undefined {
  const given = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) {
    return unauthorized(
      'You did not provide an API key. Send it as "Authorization: Bearer YOUR_SECRET_KEY".',
    );
  }
  return sameText(given, secretKey) ? undefined : unauthorized('Invalid API Key provided.');
}

function unauthorized(message: string): ApiError {
  return { status: 401, type: 'invalid_request_error', message };
}

/** Compares hashes, so that the time taken tells neither content nor length. */
function sameText(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
