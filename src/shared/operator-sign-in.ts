import { createHash, timingSafeEqual } from 'node:crypto';
import { FailureLimit } from './failure-limit.ts';

/** What the credentials of a request are worth. `none`: there are none. `blocked`: they were not looked at. */
export type SignIn =
  | { readonly outcome: 'right' | 'wrong' | 'none' }
  | { readonly outcome: 'blocked'; readonly retryAfterSeconds: number };

/** The part of a request that the sign-in depends on. */
export interface SignInRequest {
  /** The header `Authorization`. */
  readonly authorization: string | undefined;
  /** The address under which the client is counted. */
  readonly address: string;
}

const failuresAtMost = 10;
const blockedMs = 600_000;

/** Compares the credentials of requests with the operator token, and stops an address that guesses. */
export class OperatorSignIn {
  readonly #digest: Buffer;
  readonly #failures = new FailureLimit(failuresAtMost, blockedMs);

  constructor(operatorToken: string) {
    this.#digest = digestOf(operatorToken);
  }

  /**
   * Compares the token of a program (`Bearer`), or the password that a browser asks for under any user name (`Basic`), in constant
   * time. After ten failures from an address within ten minutes, it compares nothing from there until these minutes are over.
   * @param nowMs milliseconds since 1970
   */
  check({ authorization, address }: SignInRequest, nowMs = Date.now()): SignIn {
    if (authorization === undefined) return { outcome: 'none' };
    const retryAfterSeconds = this.#failures.blockedSeconds(address, nowMs);
    if (retryAfterSeconds > 0) return { outcome: 'blocked', retryAfterSeconds };
    if (timingSafeEqual(digestOf(secretIn(authorization)), this.#digest)) return { outcome: 'right' };
    this.#failures.record(address, nowMs);
    return { outcome: 'wrong' };
  }
}

/** The token or the password in the header; empty when there is neither. */
function secretIn(authorization: string): string {
  const [, scheme = '', credentials = ''] = /^(Bearer|Basic) +(.+?) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return credentials;
  const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
  return password;
}

/** Texts of any length have digests of one length, which can be compared in constant time. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
