import { expect } from 'vitest';
import type { OpenShop } from './orders.ts';

/** The operator's page, or the one at another address of the shop. */
export async function readPage(shop: OpenShop, path = '/operator'): Promise<string> {
  const answer = await fetch(shop.shopUrl + path);
  expect(answer.status).toBe(200);
  return answer.text();
}

interface Sent {
  readonly status: number;
  readonly location: string | null;
  readonly html: string;
}

/** Sends a form as a browser without script does, and does not follow where the answer leads. */
export async function sendForm(
  shop: OpenShop,
  path: string,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const answer = await fetch(shop.shopUrl + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', ...headers },
    body: new URLSearchParams(fields),
  });
  return { status: answer.status, location: answer.headers.get('location'), html: await answer.text() };
}
