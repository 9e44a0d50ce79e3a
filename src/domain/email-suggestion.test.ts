import { expect, test } from 'vitest';
import { suggestEmailAddress } from './email-suggestion.ts';

test.each([
  ['gmial.com', 'gmail.com'],
  ['gmai.com', 'gmail.com'],
  ['gmaill.com', 'gmail.com'],
  ['gnail.com', 'gmail.com'],
  ['gmail.co', 'gmail.com'],
  ['gmail.om', 'gmail.com'],
  ['gmail.con', 'gmail.com'],
  ['gmial.con', 'gmail.com'],
  ['hotmial.com', 'hotmail.com'],
  ['hotmail.comm', 'hotmail.com'],
  ['outlok.com', 'outlook.com'],
  ['yaho.com', 'yahoo.com'],
  ['yahoo.cpm', 'yahoo.com'],
  ['icloud.cmo', 'icloud.com'],
  ['t-onlin.de', 't-online.de'],
  ['gmx.met', 'gmx.net'],
  ['workshop.con', 'workshop.com'],
])('suggests for %s the domain %s', (typed, suggested) => {
  expect(suggestEmailAddress(`Ada.L@${typed}`)).toBe(`Ada.L@${suggested}`);
});

test.each([
  'gmail.com',
  'gmail.de',
  'email.com',
  'mail.com',
  'ymail.com',
  'mac.com',
  'me.com',
  'gmx.at',
  'gmx.net',
  'web.de',
  'hotmail.it',
  'live.nl',
  'live.co.uk',
  'yahoo.in',
  'proton.me',
  'bbc.co.uk',
  'max.com',
  'aon.com',
  'hello.com',
  'omantel.om',
  'workshop.co',
  'workshop.cm',
  'workshop.ne',
  'example.com',
  'reader.example',
  'bücher.example',
  'intranet.corp.example',
])('suggests nothing for %s', (domain) => {
  expect(suggestEmailAddress(`ada@${domain}`)).toBeNull();
});
