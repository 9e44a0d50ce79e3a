import { createHash, timingSafeEqual } from 'node:crypto';

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
// A bound on the memory. Beyond it the oldest address is forgotten.
const addressesAtMost = 10_000;

/** Compares the credentials of requests with the operator token, and stops an address that guesses. */
export class OperatorSignIn {
  readonly #digest: Buffer;
  readonly #failures = new Map<string, { count: number; readonly endsAt: number }>();

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
    const failures = this.#failuresOf(address, nowMs);
    if (failures.count >= failuresAtMost) {
      return { outcome: 'blocked', retryAfterSeconds: Math.ceil((failures.endsAt - nowMs) / 1000) };
    }
    if (timingSafeEqual(digestOf(secretIn(authorization)), this.#digest)) return { outcome: 'right' };
    failures.count += 1;
    this.#remember(address, failures);
    return { outcome: 'wrong' };
  }

  #failuresOf(address: string, nowMs: number) {
    const known = this.#failures.get(address);
    if (known !== undefined && known.endsAt > nowMs) return known;
    this.#failures.delete(address);
    return { count: 0, endsAt: nowMs + blockedMs };
  }

  #remember(address: string, failures: { count: number; readonly endsAt: number }): void {
    this.#failures.set(address, failures);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > addressesAtMost && oldest !== undefined) this.#failures.delete(oldest);
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
