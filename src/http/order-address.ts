import { ShopError } from '../domain/errors.ts';
import { orderToken } from './schemas.ts';

/** What to look up for an address: what cannot be one is looked up as well, in vain, so that nobody can tell by the time. */
export function tokenToLookUp(token: string): string {
  return orderToken.safeParse(token).success ? token : '';
}

/** The same for an address that cannot be one and for one that is nobody's. */
export function unknownOrder(): ShopError {
  return new ShopError('not_found', 'There is no order at this address.');
}
