import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { SettingsError } from './shared/program.ts';

const shop = {
  DATABASE_URL: 'postgres://localhost/holdfast',
  STRIPE_SECRET_KEY: 'sk_test_0123456789',
  STRIPE_WEBHOOK_SECRET: 'whsec_0123456789',
  COOKIE_SECRET: '4e91d07c3ab85f62',
};

function faultsOf(env: Record<string, string>, role: Parameters<typeof readConfig>[1]): readonly string[] {
  try {
    readConfig(env, role);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('a demonstration', () => {
  test('needs no setting at all under the supervisor, and stays on this machine', () => {
    const config = readConfig({}, 'supervisor');
    expect(config).toMatchObject({ host: '127.0.0.1', port: 3000, holdSeconds: 120, dispatchSeconds: 10 });
    expect(config.payment.provider).toBe('local');
  });

  test('treats an empty value as a missing one', () => {
    expect(readConfig({ PORT: '' }, 'supervisor').port).toBe(3000);
  });

  test('is frozen', () => {
    expect(Object.isFrozen(readConfig({}, 'supervisor'))).toBe(true);
  });
});

test('an operator ships within two working days, unless told otherwise', () => {
  const shippingDays = (env: Readonly<Record<string, string>>) => readConfig(env, 'supervisor').shippingDays;
  expect(shippingDays({ SHIPPING_DAYS: '5' })).toBeUndefined();
  expect(shippingDays({ FULFILMENT: 'manual' })).toBe(2);
  expect(shippingDays({ FULFILMENT: 'manual', SHIPPING_DAYS: '5' })).toBe(5);
  expect(faultsOf({ FULFILMENT: 'operator', SHIPPING_DAYS: '0' }, 'supervisor')).toEqual([
    'FULFILMENT: is automatic or manual',
    expect.stringMatching(/^SHIPPING_DAYS: /),
  ]);
});

describe('faults', () => {
  test('are all listed at once, by name', () => {
    const faults = faultsOf({ PORT: '70000', HOLD_SECONDS: '-1', LOG_LEVEL: 'loud' }, 'supervisor');
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['PORT', 'HOLD_SECONDS', 'LOG_LEVEL']);
  });

  test('list wrong and missing settings together', () => {
    const faults = faultsOf({ PORT: 'abc', HOLD_SECONDS: '86400', NODE_ENV: 'production' }, 'supervisor');
    expect(faults[0]).toBe('PORT: needs a number');
    expect(faults[1]).toContain('82800');
    expect(faults).toContain('OPERATOR_TOKEN: is missing');
  });

  test('a shop process needs its database and its secrets', () => {
    expect(faultsOf({}, 'shop')).toEqual([
      'DATABASE_URL: is missing',
      'STRIPE_SECRET_KEY: is missing',
      'STRIPE_WEBHOOK_SECRET: is missing',
      'COOKIE_SECRET: is missing',
      expect.stringContaining('npm start runs a whole demonstration'),
    ]);
  });

  test('finished workflows are kept for one to 3650 days', () => {
    expect(readConfig({}, 'supervisor').retentionDays).toBe(30);
    for (const days of ['0', '1.5', '3651']) {
      expect(faultsOf({ RETENTION_DAYS: days }, 'supervisor')).toHaveLength(1);
    }
  });

  test.each([
    'http://localhost/store',
    'http://localhost/?lang=en',
    'http://localhost/#top',
    'http://ada:word@localhost',
    'http://ada@localhost',
  ])('PUBLIC_URL=%s is rejected, because a part of it would be dropped', (url) => {
    const [fault, ...others] = faultsOf({ PUBLIC_URL: url }, 'supervisor');
    expect(fault).toContain('PUBLIC_URL: is an origin');
    expect(fault).not.toContain('word');
    expect(others).toEqual([]);
  });

  test.each([
    'localhost:3000',
    '[::1]',
    '127.1',
    '0',
    '127.0.0.999',
    'fe80::1%eth0',
    'a b',
    '*',
    'http://localhost',
  ])('HOST=%s is rejected', (host) => {
    expect(faultsOf({ HOST: host, OPERATOR_TOKEN: 'b7f3c19a5e2d8046' }, 'supervisor')).toEqual([
      expect.stringContaining('HOST: is an IP address'),
    ]);
  });

  test('HOST is read in its usual form', () => {
    const hostOf = (host: string) =>
      readConfig({ HOST: host, OPERATOR_TOKEN: 'b7f3c19a5e2d8046' }, 'supervisor').host;
    expect(['LocalHost', '0:0:0:0:0:0:0:1', '::', 'shop_1.internal'].map(hostOf)).toEqual([
      'localhost',
      '::1',
      '::',
      'shop_1.internal',
    ]);
  });

  test.each(['yes', 'true', 'loopback', '10.0.0.0/8', '1.5', '-1', '11'])(
    'TRUST_PROXY=%s is rejected',
    (proxies) => {
      expect(faultsOf({ TRUST_PROXY: proxies }, 'supervisor')).toEqual([
        expect.stringContaining('TRUST_PROXY: '),
      ]);
    },
  );

  test.each(['prod', 'Production', 'PRODUCTION', 'staging', 'live'])(
    'NODE_ENV=%s is rejected',
    (environment) => {
      const live = { NODE_ENV: environment, STRIPE_SECRET_KEY: 'sk_live_51HxyzAbCdEf' };
      expect(faultsOf(live, 'supervisor')).toEqual([
        'NODE_ENV: is production or development',
        expect.stringContaining('STRIPE_SECRET_KEY: is a live key'),
      ]);
    },
  );

  test('a file that the address of the database names must be there', () => {
    const url = 'postgres://u:hush@db.example/shop?sslmode=verify-full&sslrootcert=';
    expect(faultsOf({ DATABASE_URL: `${url}/nowhere/ca.pem` }, 'supervisor')).toEqual([
      'DATABASE_URL: has sslrootcert=/nowhere/ca.pem, which cannot be read (ENOENT)',
    ]);
    expect(faultsOf({ DATABASE_URL: `${url}${import.meta.filename}` }, 'supervisor')).toEqual([]);
  });

  test('a secret that no header could carry is rejected', () => {
    const [fault] = faultsOf({ OPERATOR_TOKEN: 'b7f3c19a5e2d8046'.repeat(100) }, 'supervisor');
    expect(fault).toContain('OPERATOR_TOKEN: needs at most 500 characters');
  });
});

const production = {
  ...shop,
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://shop.example',
  TRUST_PROXY: '1',
  OPERATOR_TOKEN: 'b7f3c19a5e2d8046',
  EXECUTOR_ID: 'shop-0',
  SMTP_URL: 'smtp://mail.example',
  EMAIL_FROM: 'Holdfast <orders@shop.example>',
};

describe('production', () => {
  test('refuses to start without each of its settings, and lists all that are missing', () => {
    const names = faultsOf({ NODE_ENV: 'production' }, 'supervisor').map((fault) => fault.split(':')[0]);
    expect(names).toEqual([
      'DATABASE_URL',
      'PUBLIC_URL',
      'OPERATOR_TOKEN',
      'COOKIE_SECRET',
      'STRIPE_SECRET_KEY',
      'STRIPE_WEBHOOK_SECRET',
      'SMTP_URL',
      'EMAIL_FROM',
      'TRUST_PROXY',
    ]);
  });

  test('takes payments through Stripe, and rejects simulated ones', () => {
    expect(readConfig(production, 'shop').payment.provider).toBe('stripe');
    expect(faultsOf({ ...production, PAYMENT_PROVIDER: 'local' }, 'shop')).toHaveLength(1);
  });

  test('keeps the orders and the operator’s routes to operators, unless a setting opens them', () => {
    const closed = { publicOrders: false, documentsOperators: false };
    const open = { publicOrders: true, documentsOperators: true };
    expect(readConfig(production, 'shop')).toMatchObject(closed);
    expect(readConfig({ ...production, PUBLIC_ORDERS: 'on', DOCS: 'all' }, 'shop')).toMatchObject(open);
    expect(readConfig({}, 'supervisor')).toMatchObject(open);
    expect(readConfig({ PUBLIC_ORDERS: 'off', DOCS: 'public' }, 'supervisor')).toMatchObject(closed);
  });

  test('names a contact for people who find a vulnerability', () => {
    const contactOf = (env: object) => readConfig({ ...production, ...env }, 'shop').securityContact;
    expect(contactOf({})).toBe('mailto:security@shop.example');
    for (const contact of ['mailto:us@shop.example', 'https://shop.example/security']) {
      expect(contactOf({ SECURITY_CONTACT: contact })).toBe(contact);
    }
    for (const wrong of [
      'us@shop.example',
      'http://shop.example',
      'mailto:us',
      'mailto:us@shop.example\nX: y',
    ]) {
      expect(faultsOf({ ...production, SECURITY_CONTACT: wrong }, 'shop').join()).toContain(
        'SECURITY_CONTACT: is',
      );
    }
  });

  test('requires a mail server, or EMAIL=off', () => {
    const { SMTP_URL, EMAIL_FROM, ...without } = production;
    expect(readConfig(production, 'shop').email).toMatchObject({ delivery: 'smtp', smtpUrl: SMTP_URL });
    expect(faultsOf({ ...without, EMAIL_FROM }, 'shop')).toEqual([
      'SMTP_URL: is missing (EMAIL=off sends no messages)',
    ]);
    expect(faultsOf({ ...without, SMTP_URL }, 'shop')).toEqual(['EMAIL_FROM: is missing']);
    expect(faultsOf({ ...without, EMAIL_FROM, EMAIL: 'off' }, 'shop')).toEqual([]);
    expect(readConfig({ ...production, EMAIL: 'off' }, 'shop').email.delivery).toBe('off');
    expect(faultsOf({ ...without, EXECUTOR_ID: '' }, 'migrate')).toEqual([]);
  });

  test('needs the database, the address and the key of the provider to continue a restored database', () => {
    expect(faultsOf({ NODE_ENV: 'production' }, 'after-restore')).toEqual([
      'DATABASE_URL: is missing',
      'PUBLIC_URL: is missing',
      'STRIPE_SECRET_KEY: is missing',
    ]);
    expect(faultsOf({}, 'after-restore')).toEqual([]);
  });
});

describe('limits against abuse', () => {
  const limitsOf = (env: Record<string, string>) => {
    const { holdLimits, checkoutKeys, checkoutsPerMinute } = readConfig({ ...shop, ...env }, 'shop');
    return { holdLimits, checkoutKeys, checkoutsPerMinute };
  };

  test('are strict in production', () => {
    expect(limitsOf(production)).toEqual({
      holdLimits: {
        units: 50,
        cents: 500_000,
        sharePercent: 50,
        sparesSingleUnits: false,
        shortestHoldSeconds: 60,
      },
      checkoutKeys: 'unguessable',
      checkoutsPerMinute: 120,
    });
  });

  test('let the tutorials pass in a demonstration: 500 checkouts of one unit from one address', () => {
    expect(limitsOf({ HOLD_SECONDS: '90' })).toEqual({
      holdLimits: {
        units: 1_000,
        cents: null,
        sharePercent: 50,
        sparesSingleUnits: true,
        shortestHoldSeconds: 90,
      },
      checkoutKeys: 'any',
      checkoutsPerMinute: 6_000,
    });
  });

  test('can be set one by one, or switched off', () => {
    const own = {
      HOLD_LIMITS: 'strict',
      HELD_UNITS_PER_CLIENT: '7',
      HELD_VALUE_PER_CLIENT: '8',
      HELD_SHARE_PER_CLIENT: '9',
      SHORTEST_HOLD_SECONDS: '10',
      CHECKOUT_KEYS: 'unguessable',
    };
    expect(limitsOf(own)).toMatchObject({
      holdLimits: { units: 7, cents: 8, sharePercent: 9, shortestHoldSeconds: 10, sparesSingleUnits: false },
      checkoutKeys: 'unguessable',
    });
    expect(limitsOf({ HOLD_LIMITS: 'off' }).holdLimits).toBeNull();
    for (const share of ['0', '101', '1.5']) {
      expect(faultsOf({ ...shop, HELD_SHARE_PER_CLIENT: share }, 'shop')).toHaveLength(1);
    }
  });
});

describe('email', () => {
  const emailOf = (env: Record<string, string>) => readConfig(env, 'supervisor').email;

  test('is stored in a demonstration without a mail server', () => {
    expect(emailOf({})).toEqual({
      delivery: 'preview',
      smtpUrl: undefined,
      from: { name: 'Holdfast', address: 'orders@localhost' },
      retries: 5,
      retrySeconds: 2,
      perDay: 3,
    });
    expect(emailOf({ SMTP_URL: 'smtps://me:secret@mail.example:465' }).delivery).toBe('smtp');
    expect(emailOf({ EMAIL_RETRIES: '0', EMAIL_RETRY_SECONDS: '0.01' })).toMatchObject({
      retries: 0,
      retrySeconds: 0.01,
    });
  });

  test.each([
    ['orders@shop.example', { name: '', address: 'orders@shop.example' }],
    ['The Shop Ltd. <orders@shop.example>', { name: 'The Shop Ltd.', address: 'orders@shop.example' }],
    ['Höldfast <orders@localhost>', { name: 'Höldfast', address: 'orders@localhost' }],
  ])('comes from %j', (EMAIL_FROM, from) => {
    expect(emailOf({ EMAIL_FROM }).from).toEqual(from);
  });

  test.each([
    '<orders@shop.example>',
    ' <orders@shop.example>',
    'orders',
    'a@b.example, c@d.example',
    'a@b.example,c@d.example',
    'Shop <a@b.example> <c@d.example>',
    'Shop\r\nBcc: x <a@b.example>',
    'Shop <a@b.example\nBcc: c@d.example>',
  ])('does not come from %j', (EMAIL_FROM) => {
    expect(faultsOf({ EMAIL_FROM }, 'supervisor').join()).toContain('EMAIL_FROM');
  });

  test.each([
    'mail.example',
    'https://mail.example',
    'smtp:',
    'smtp://u:12#hush@mail.example',
    'smtp://u:12/hush@mail.example',
    'smtp://u:12?hush@mail.example',
  ])('is not sent to %s', (SMTP_URL) => {
    expect(faultsOf({ SMTP_URL }, 'supervisor').join()).toContain('SMTP_URL');
  });
});

test('retries that together take longer than a quarter of an hour are rejected, shorter ones are not', () => {
  const patient = { ...shop, EMAIL_RETRIES: '10', EMAIL_RETRY_SECONDS: '1' };
  expect(() => readConfig(patient, 'shop')).toThrow('EMAIL_RETRIES and EMAIL_RETRY_SECONDS');
  expect(() => readConfig({ ...patient, EMAIL_RETRIES: '9' }, 'shop')).not.toThrow();
});

test('PUBLIC_URL without a scheme is reported together with the other faults', () => {
  const faults = faultsOf({ NODE_ENV: 'production', PUBLIC_URL: 'shop.example.com' }, 'shop');
  expect(faults).toContainEqual(expect.stringMatching(/^PUBLIC_URL: /));
  expect(faults).toContainEqual(expect.stringMatching(/^EMAIL_FROM: /));
});
