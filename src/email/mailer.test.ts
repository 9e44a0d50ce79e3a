import { expect, test } from 'vitest';
import { messageIdOf } from './mailer.ts';

const confirmed = { orderId: 7, kind: 'order_confirmed', refundId: null };

test('a Message-ID contains the kind, the order and the host of the shop, and nothing else', () => {
  expect(messageIdOf(confirmed, 'https://shop.example')).toBe('<email-7-order_confirmed@shop.example>');
  expect(messageIdOf(confirmed, 'http://localhost:3000')).toBe('<email-7-order_confirmed@localhost>');
});

test('each refund of an order has a Message-ID of its own', () => {
  const refund = { orderId: 7, kind: 'refund_made', refundId: 3 };
  expect(messageIdOf(refund, 'https://shop.example')).toBe('<email-7-refund_made-3@shop.example>');
  expect(messageIdOf({ ...refund, refundId: 4 }, 'https://shop.example')).not.toContain('-3@');
});

test('each parcel of an order has a Message-ID of its own', () => {
  const parcel = { orderId: 7, kind: 'shipped', refundId: null, shipmentId: 3 };
  expect(messageIdOf(parcel, 'https://shop.example')).toBe('<email-7-shipped-3@shop.example>');
});

test('a message that is sent again has a Message-ID of its own', () => {
  const id = (copy: number) => messageIdOf({ ...confirmed, copy }, 'https://shop.example');
  expect(id(0)).toBe('<email-7-order_confirmed@shop.example>');
  expect(id(2)).toBe('<email-7-order_confirmed-copy2@shop.example>');
});
