import type { OrderStory } from '../../src/database/queries/order-story.ts';
import type {
  HistoryEntry,
  OrderLine,
  OrderSummary,
  OrderWithPayment,
} from '../../src/database/queries/orders.ts';
import type { ProductInStock } from '../../src/database/queries/products.ts';
import { type Demonstration, type FrameView, frameView } from '../../src/storefront/frame-view.ts';

/** What stands around a page, in a demonstration or not. */
export function aFrame(demonstration: Demonstration | null = null): FrameView {
  return frameView({ units: 2, here: '/', formKey: 'form-key', demonstration });
}

/** The moment at which the samples are looked at, half a minute into a hold of two. */
export const now = new Date('2026-11-21T14:30:30Z');

const row = {
  order_id: 7,
  checkout_key: 'key',
  request_hash: 'hash',
  token: 'token',
  browser_id: null,
  request_id: 'request',
  status: 'pending',
  reason: null,
  email: 'someone@example.com',
  total_cents: 9999,
  currency: 'USD',
  created_at: new Date('2026-11-21T14:30:00Z'),
  hold_expires_at: new Date('2026-11-21T14:32:00Z'),
  paid_at: null,
  dispatch_due_at: null,
  dispatched_at: null,
  cancelled_at: null,
  refunded_at: null,
} as const;

/** A pending order whose payment page is open, with these changes. */
export function anOrder(changes: Partial<OrderWithPayment> = {}): OrderWithPayment {
  return {
    ...row,
    payment_state: 'open',
    session_id: 'session',
    payment_url: 'https://pay.example/session',
    refunded_cents: 0,
    ...changes,
  };
}

/** An order as lists show it, with these changes. */
export function aSummary(changes: Partial<OrderSummary> = {}): OrderSummary {
  return { ...row, product_id: 1, ...changes };
}

export function aLine(changes: Partial<OrderLine> = {}): OrderLine {
  return {
    sku: 'cleat',
    product: 'Premium Quality Widget',
    image: '/assets/products/cleat.svg',
    quantity: 1,
    unit_price_cents: 9999,
    ...changes,
  };
}

export function aProduct(changes: Partial<ProductInStock> = {}): ProductInStock {
  return {
    product_id: 1,
    sku: 'cleat',
    product: 'Premium Quality Widget',
    description: 'A cast bronze cleat.',
    price_cents: 9999,
    currency: 'USD',
    image: '/assets/products/cleat.svg',
    restock_level: 100,
    available: 100,
    ...changes,
  };
}

/** What happened to an order, from `placed` on, a second apart. */
export function aHistory(...entries: (string | readonly [what: string, detail: object])[]): HistoryEntry[] {
  return entries.map((entry, index) => {
    const [what, detail] = typeof entry === 'string' ? [entry, {}] : entry;
    const at = new Date(row.created_at.getTime() + index * 1000);
    return { history_id: String(index + 1), at, what, detail: { ...detail } };
  });
}

/** A pending order of one cleat with its history. */
export function aStory(changes: Partial<OrderStory> = {}): OrderStory {
  return { order: anOrder(), lines: [aLine()], history: aHistory('placed', 'payment_opened'), ...changes };
}
