import { cartWords, words } from './words.ts';

/** What a demonstration offers beside the shop. */
export interface Demonstration {
  /** Restock, Crash and the operator's page are open to everybody. */
  readonly open: boolean;
  /** Messages are kept to be read. */
  readonly outbox: boolean;
  /** Origin of the payment service that is ours to control. */
  readonly paymentServiceUrl: string | null;
}

interface Way {
  readonly address: string;
  readonly name: string;
}

/** What stands around every page. */
export interface FrameView {
  readonly cart: { readonly text: string; readonly label: string };
  /** The address that this page belongs to in the navigation. */
  readonly here: string;
  /** Names this view of the page in its forms: one that is sent twice acts once. */
  readonly formKey: string;
  readonly demonstration: { readonly open: boolean; readonly ways: readonly Way[] } | null;
}

export interface FrameSource {
  /** Units in the cart; null when nobody has counted them. */
  readonly units: number | null;
  readonly here: string;
  readonly formKey: string;
  readonly demonstration: Demonstration | null;
}

export function frameView({ units, here, formKey, demonstration }: FrameSource): FrameView {
  return {
    cart: { text: units ? String(units) : '', label: units === null ? words.shop.cart : cartWords(units) },
    here,
    formKey,
    demonstration: demonstration && { open: demonstration.open, ways: waysOf(demonstration) },
  };
}

function waysOf({ open, outbox, paymentServiceUrl }: Demonstration): Way[] {
  const { recent, operator, outbox: kept, control } = words.demonstration;
  return [
    { address: '/recent-orders', name: recent },
    ...(open ? [{ address: '/operator', name: operator }] : []),
    ...(open && outbox ? [{ address: '/outbox', name: kept }] : []),
    ...(open && paymentServiceUrl !== null
      ? [{ address: `${paymentServiceUrl}/control`, name: control }]
      : []),
  ];
}
