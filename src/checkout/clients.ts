import { createHmac } from 'node:crypto';

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
