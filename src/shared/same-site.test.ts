import { expect, test } from 'vitest';
import { isFromOtherSite } from './same-site.ts';

const ownHosts = ['shop.example', 'localhost:3000'];

test.each([
  ['a program without either header', {}],
  ['a page of the shop', { 'sec-fetch-site': 'same-origin', origin: 'https://shop.example' }],
  ['a page of the shop that hides its referrer', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
  ['an address typed by a person', { 'sec-fetch-site': 'none' }],
  ['an older browser on the public address', { origin: 'https://shop.example' }],
  ['an older browser on a local address', { origin: 'http://localhost:3000' }],
])('%s may write', (_who, headers) => {
  expect(isFromOtherSite(headers, ownHosts)).toBe(false);
});

test.each([
  ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
  ['a page on another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3001' }],
  ['a page on another port that sends no origin', { 'sec-fetch-site': 'same-site' }],
  ['an older browser on another site', { origin: 'https://evil.example' }],
  ['an older browser that hides its origin', { origin: 'null' }],
])('%s may not', (_who, headers) => {
  expect(isFromOtherSite(headers, ownHosts)).toBe(true);
});
