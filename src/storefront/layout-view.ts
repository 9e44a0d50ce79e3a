import type { ErrorCode } from '../domain/errors.ts';
import { cartWords, errorWords, words } from './words.ts';

/** The extra pages and tools of a demonstration. */
export interface Demonstration {
  /** Restock, Crash and the operator's page are open to everybody. */
  readonly open: boolean;
  /** Everybody may see the newest orders. */
  readonly publicOrders: boolean;
  /** Messages are kept to be read. */
  readonly outbox: boolean;
  /** Origin of the payment service that is ours to control. */
  readonly paymentServiceUrl: string | null;
}

interface Link {
  readonly address: string;
  readonly name: string;
}

/** The model of the layout that all pages share. */
export interface LayoutView {
  readonly cart: { readonly text: string; readonly label: string };
  /** The address that this page belongs to in the navigation. */
  readonly here: string;
  /** Names this view of the page in its forms: one that is sent twice acts once. */
  readonly formKey: string;
  readonly demonstration: { readonly open: boolean; readonly links: readonly Link[] } | null;
}

export interface LayoutSource {
  /** Units in the cart; null when nobody has counted them. */
  readonly units: number | null;
  readonly here: string;
  readonly formKey: string;
  readonly demonstration: Demonstration | null;
}

/** The parts of a page around its content: cart, navigation and, in a demonstration, its links. */
export function layoutView({ units, here, formKey, demonstration }: LayoutSource): LayoutView {
  return {
    cart: { text: units ? String(units) : '', label: units === null ? words.shop.cart : cartWords(units) },
    here,
    formKey,
    demonstration: demonstration && demonstrationView(demonstration),
  };
}

/** Null for a demonstration that offers nothing to shoppers. */
function demonstrationView(demonstration: Demonstration): LayoutView['demonstration'] {
  const links = linksOf(demonstration);
  return links.length === 0 ? null : { open: demonstration.open, links };
}

function linksOf({ open, publicOrders, outbox, paymentServiceUrl }: Demonstration): Link[] {
  const { recent, operator, outbox: kept, control } = words.demonstration;
  return [
    ...(publicOrders ? [{ address: '/recent-orders', name: recent }] : []),
    ...(open ? [{ address: '/operator', name: operator }] : []),
    ...(open && outbox ? [{ address: '/outbox', name: kept }] : []),
    ...(open && paymentServiceUrl !== null
      ? [{ address: `${paymentServiceUrl}/control`, name: control }]
      : []),
  ];
}

export interface ErrorView {
  readonly title: string;
  readonly message: string;
  /** The text of the link to the products. */
  readonly onward: string;
}

/** The model of an error page. It uses the code alone, because the details are written for programs. */
export function errorView({ code }: { readonly code: ErrorCode }): ErrorView {
  return { ...errorWords[code], onward: words.error.onward };
}

/** The page at the address of a product that is not sold, or never was. */
export const notSoldView: ErrorView = words.notSold;
