import { createHmac } from 'node:crypto';
import type { Database } from '../database/connection.ts';
import { readHoldSeconds } from '../database/queries/holds.ts';
import { listDearest } from '../database/queries/products.ts';
import type { HoldLimits } from '../domain/limits.ts';
import { formatMoney } from '../shared/money.ts';

/** What a request shows about its client. */
export interface Client {
  /** Its network, see `clientAddressOf` in http/client-address.ts. */
  readonly network: string;
  /** The id in the browser's cookie; null without one. */
  readonly browserId: string | null;
}

const charactersOfHash = 22;

/**
 * The hashes by which the orders of one client are counted: of its network, its browser and its e-mail address. Nobody can find an
 * address by trying all without the secret.
 */
export function clientHashesOf(
  secret: string,
  { network, browserId }: Client,
  email: string | null,
): readonly string[] {
  const known = Object.entries({ network, browserId, email: email?.toLowerCase() ?? null });
  return known.flatMap(([kind, value]) => {
    if (value === null) return [];
    const hash = createHmac('sha256', secret).update(`${kind} ${value}`).digest('base64url');
    return [hash.slice(0, charactersOfHash)];
  });
}

/** How clients are counted. */
export interface ClientSettings {
  /** The time for which an order holds its units. */
  readonly holdSeconds: number;
  /** What one client may hold; null for no limit. */
  readonly holdLimits: HoldLimits | null;
  /** Hashes what clients are recognised by; null where nobody is counted. */
  readonly clientSecret: string | null;
}

/**
 * Forecasts the seconds for which the next order of a client will hold its units, so that a page can promise them.
 * @param email the address that the order will have; null while it is unknown. Under another one the hold may be shorter
 */
export type ForecastHold = (client: Client, email: string | null) => Promise<number>;

/** Makes the function that forecasts holds. */
export function createHoldForecast(
  database: Database,
  { holdSeconds, holdLimits, clientSecret }: ClientSettings,
): ForecastHold {
  return async (client, email) => {
    if (holdLimits === null || clientSecret === null) return holdSeconds;
    const clients = clientHashesOf(clientSecret, client, email);
    return readHoldSeconds(database, { ...holdLimits, clients, holdSeconds });
  };
}

/**
 * Finds products of which nobody may order two, because two are worth more than one client may hold. The limit counts minor units of
 * any currency, and those of some are worth little.
 * @returns a sentence for each currency with such products, which names the dearest
 */
export async function warningsOfValue(database: Database, holdLimits: HoldLimits | null): Promise<string[]> {
  const most = holdLimits?.cents ?? Number.POSITIVE_INFINITY;
  const products = await listDearest(database);
  return products
    .filter(({ priceCents }) => 2 * priceCents > most)
    .map(({ sku, priceCents, currency }) => {
      const [limit, price] = [most, priceCents].map((cents) => formatMoney({ cents, currency }));
      return `HELD_VALUE_PER_CLIENT is ${limit}: no shopper can order two of ${sku}, which costs ${price}. Raise it, unless that is meant.`;
    });
}
