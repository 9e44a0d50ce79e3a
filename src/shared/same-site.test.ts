import { expect, test } from 'vitest';
import { isForeignName, isFromOtherSite } from './same-site.ts';

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

const loopback = 'http://localhost:3000';

test.each([
  ['localhost', { publicUrl: loopback, listenUrl: 'http://127.0.0.1:3000' }],
  ['[::1]', { publicUrl: loopback, listenUrl: 'http://127.0.0.1:3000' }],
  ['192.168.1.5', { publicUrl: loopback, listenUrl: 'http://192.168.1.5:3000' }],
  ['[fd00::5]', { publicUrl: loopback, listenUrl: 'http://[fd00::5]:3000' }],
  ['evil.example', { publicUrl: 'https://shop.example', listenUrl: 'http://127.0.0.1:3000' }],
])('%s may be the name of a server at %o', (hostname, addresses) => {
  expect(isForeignName(hostname, addresses)).toBe(false);
});

test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', ''])(
  '%s is not the name of a server on this machine',
  (hostname) => {
    expect(isForeignName(hostname, { publicUrl: loopback, listenUrl: 'http://127.0.0.1:3000' })).toBe(true);
  },
);
