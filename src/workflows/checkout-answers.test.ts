import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { OrderWithPayment } from '../database/queries/orders.ts';
import { CheckoutAnswers } from './checkout-answers.ts';

const order = { orderId: 7 } as OrderWithPayment;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('every request that waits for a checkout gets its order, and no other request does', async () => {
  const answers = new CheckoutAnswers();
  const [one, other, stranger] = [
    answers.subscribe('key'),
    answers.subscribe('key'),
    answers.subscribe('another'),
  ];
  const answered = [one.next(1_000), other.next(1_000), stranger.next(1_000)];
  answers.notify('key', order);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await Promise.all(answered)).toEqual([order, order, undefined]);
});

test('an answer that arrives before the request waits is delivered', async () => {
  const answers = new CheckoutAnswers();
  const waiting = answers.subscribe('key');
  answers.notify('key', order);
  expect(await waiting.next(1_000)).toBe(order);
});

test('after an answer without an order, the request waits for the next one', async () => {
  const answers = new CheckoutAnswers();
  const waiting = answers.subscribe('key');
  answers.notify('key');
  expect(await waiting.next(1_000)).toBeUndefined();
  const next = waiting.next(1_000);
  await vi.advanceTimersByTimeAsync(500);
  answers.notify('key', order);
  expect(await next).toBe(order);
});

test('a closed request gets no answer', async () => {
  const answers = new CheckoutAnswers();
  const waiting = answers.subscribe('key');
  waiting.close();
  answers.notify('key', order);
  const next = waiting.next(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await next).toBeUndefined();
});
