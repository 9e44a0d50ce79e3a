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

test('everybody who waits for a checkout is told of its order, nobody else', async () => {
  const answers = new CheckoutAnswers();
  const [one, other, stranger] = [
    answers.subscribe('key'),
    answers.subscribe('key'),
    answers.subscribe('another'),
  ];
  const words = [one.next(1_000), other.next(1_000), stranger.next(1_000)];
  answers.notify('key', order);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await Promise.all(words)).toEqual([order, order, undefined]);
});

test('a word said before it is waited for is heard', async () => {
  const answers = new CheckoutAnswers();
  const waiting = answers.subscribe('key');
  answers.notify('key', order);
  expect(await waiting.next(1_000)).toBe(order);
});

test('after a word without an order the next one is waited for', async () => {
  const answers = new CheckoutAnswers();
  const waiting = answers.subscribe('key');
  answers.notify('key');
  expect(await waiting.next(1_000)).toBeUndefined();
  const next = waiting.next(1_000);
  await vi.advanceTimersByTimeAsync(500);
  answers.notify('key', order);
  expect(await next).toBe(order);
});

test('whoever has gone is not told', async () => {
  const answers = new CheckoutAnswers();
  const waiting = answers.subscribe('key');
  waiting.close();
  answers.notify('key', order);
  const word = waiting.next(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await word).toBeUndefined();
});
