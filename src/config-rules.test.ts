import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { findFaults, type Role } from './config-rules.ts';

const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://shop:dtmxq4w8@db.example/holdfast',
  PUBLIC_URL: 'https://shop.example',
  TRUST_PROXY: '1',
  OPERATOR_TOKEN: '9c41f7d02be85a36',
  COOKIE_SECRET: 'e07b4c5d91fa2863',
  STRIPE_SECRET_KEY: 'sk_live_51HxyzAbCdEf',
  STRIPE_WEBHOOK_SECRET: 'whsec_Zq81LmNopQrs',
  EMAIL: 'off',
};

function faultsOf(env: Readonly<Record<string, string | undefined>>, role: Role = 'supervisor'): string {
  return findFaults(env, role).join('\n');
}

test('a complete production is accepted, and a demonstration without any setting', () => {
  expect(faultsOf(production)).toBe('');
  expect(faultsOf({})).toBe('');
  expect(readConfig(production, 'shop').production).toBe(true);
});

describe('the key of the payment provider', () => {
  test.each([
    'sk_live_51HxyzAbCdEf',
    'rk_live_51HxyzAbCdEf',
    'sk_org_live_51HxyzAbCdEf',
    'SK_LIVE_51HxyzAbCdEf',
    ' sk_live_51HxyzAbCdEf',
    '"sk_live_51HxyzAbCdEf"',
    'key=sk_live_51HxyzAbCdEf',
  ])('live outside production (%s) is refused by every program that uses it', (key) => {
    for (const role of ['supervisor', 'shop', 'after-restore'] as const) {
      for (const more of [{}, { PAYMENT_PROVIDER: 'stripe' }, { NODE_ENV: 'test' }]) {
        const faults = faultsOf({ STRIPE_SECRET_KEY: key, ...more }, role);
        expect(faults).toContain('STRIPE_SECRET_KEY: is a live key');
        expect(faults).not.toContain(key.trim());
      }
    }
  });

  test.each(['pk_live_51HxyzAbCdEf', 'whsec_Zq81LmNopQrs', 'my-own-key-0123'])('%s is none', (key) => {
    expect(faultsOf({ ...production, STRIPE_SECRET_KEY: key })).toContain(
      'STRIPE_SECRET_KEY: is not a secret key',
    );
    expect(faultsOf({ STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: 'x' })).toBe('');
  });

  test('or the secret of its events from an example, or another secret, is none', () => {
    for (const key of ['sk_test_your_key', 'sk_test_xxxxxxxxxxxx', 'rk_live_****************'])
      expect(faultsOf({ ...production, STRIPE_SECRET_KEY: key })).toContain('STRIPE_SECRET_KEY: is not');
    for (const secret of [
      'we_1QxYz0123456789',
      'whsec_your_secret',
      'whsec_xxxxxxxxxxxxxxxx',
      'sk_test_51HxyzAbCdEf',
      'whsec_Zq81LmNopQrs,',
    ])
      expect(faultsOf({ ...production, STRIPE_WEBHOOK_SECRET: secret })).toContain(
        'STRIPE_WEBHOOK_SECRET: is not',
      );
  });
});

describe('the operator’s routes', () => {
  test.each([
    { HOST: '0.0.0.0' },
    { HOST: '::' },
    { HOST: '192.168.1.5' },
    { HOST: 'shop.internal' },
    { PUBLIC_URL: 'http://192.168.1.5:3000' },
    { PUBLIC_URL: 'https://shop.example', TRUST_PROXY: '1' },
    { PUBLIC_URL: 'https://shop.example', TRUST_PROXY: '1', PAYMENT_PROVIDER: 'stripe' },
    { PUBLIC_URL: 'http://localhost.example' },
    { PUBLIC_URL: 'http://127.0.0.1.nip.io' },
    { PUBLIC_URL: 'http://0.0.0.0:3000' },
    { HOST: '::ffff:0.0.0.0' },
    { HOST: '127.0.0.1', PUBLIC_URL: 'http://localhost:3000', PAYMENT_SERVICE_URL: 'https://pay.example' },
  ])('are not open beyond this machine by accident: %o', (env) => {
    for (const role of ['supervisor', 'shop'] as const)
      expect(faultsOf(env, role)).toContain('OPERATOR_TOKEN: is missing. With ');
    expect(faultsOf({ ...env, OPERATOR_ACCESS: 'open' })).not.toContain('OPERATOR_');
    expect(faultsOf({ ...env, OPERATOR_TOKEN: production.OPERATOR_TOKEN })).not.toContain('OPERATOR_');
  });

  test.each([
    {},
    { HOST: '127.0.0.2' },
    { HOST: '::1' },
    { HOST: 'localhost' },
    { HOST: 'LOCALHOST' },
    { HOST: '0:0:0:0:0:0:0:1' },
    { PUBLIC_URL: 'http://[::1]:3000' },
    { PUBLIC_URL: 'http://127.1:3000' },
  ])('may be open on this machine: %o', (env) => {
    expect(faultsOf(env)).toBe('');
  });

  test('are not open when a setting asks for the token', () => {
    expect(faultsOf({ OPERATOR_ACCESS: 'token' })).toContain(
      'OPERATOR_TOKEN: is missing, and OPERATOR_ACCESS',
    );
  });

  test('are never open in production, and not both open and closed', () => {
    expect(faultsOf({ ...production, OPERATOR_ACCESS: 'open' })).toContain('OPERATOR_ACCESS: production');
    expect(faultsOf({ OPERATOR_ACCESS: 'open', OPERATOR_TOKEN: production.OPERATOR_TOKEN })).toContain(
      'OPERATOR_ACCESS: is open, and OPERATOR_TOKEN',
    );
  });
});

describe('the address of the shop', () => {
  test('under https needs the number of proxies', () => {
    const { TRUST_PROXY: _, ...without } = production;
    expect(faultsOf(without)).toContain('TRUST_PROXY: is missing or 0');
    expect(faultsOf({ ...without, TRUST_PROXY: '0' })).toContain('TRUST_PROXY: is missing or 0');
    expect(faultsOf({ PAYMENT_SERVICE_URL: 'https://pay.example' })).toContain(
      'TRUST_PROXY: is missing or 0',
    );
    expect(faultsOf({ ...without, PUBLIC_URL: undefined }), 'listed with the address').toContain(
      'TRUST_PROXY',
    );
  });

  test.each(['http://shop.example', 'http://10.0.0.1:3000'])('is not %s in production', (url) => {
    expect(faultsOf({ ...production, PUBLIC_URL: url })).toContain('PUBLIC_URL: is http');
  });

  test('may be http on this machine, to try production there', () => {
    expect(faultsOf({ ...production, PUBLIC_URL: 'http://localhost:3000' })).toBe('');
  });
});

describe('secrets', () => {
  // src/shared/guessable.test.ts has more.
  test.each(['aaaaaaaaaaaaaaaaaaaa', 'passwordpassword', 'change-me-please-1'])(
    'that can be guessed are refused: %s',
    (guessable) => {
      for (const name of ['OPERATOR_TOKEN', 'COOKIE_SECRET']) {
        const faults = faultsOf({ [name]: guessable });
        expect(faults).toContain(`${name}: can be guessed`);
        expect(faults).not.toContain(guessable);
      }
    },
  );

  test.each(['9c41f7d02be85a36', '6f1ed002ab5595859014ebf0951522d9'])(
    'that cannot are accepted: %s',
    (secret) => {
      expect(faultsOf({ OPERATOR_TOKEN: secret })).toBe('');
    },
  );

  test.each([
    ['OPERATOR_TOKEN', 'COOKIE_SECRET', { COOKIE_SECRET: production.OPERATOR_TOKEN }],
    ['COOKIE_SECRET', 'OPERATOR_TOKEN', { COOKIE_SECRET: `3fd1e07b4c5d91fa,${production.OPERATOR_TOKEN}` }],
    ['STRIPE_SECRET_KEY', 'OPERATOR_TOKEN', { OPERATOR_TOKEN: production.STRIPE_SECRET_KEY }],
    ['STRIPE_WEBHOOK_SECRET', 'STRIPE_SECRET_KEY', { STRIPE_WEBHOOK_SECRET: production.STRIPE_SECRET_KEY }],
    ['DATABASE_URL', 'OPERATOR_TOKEN', { DATABASE_URL: `postgres://u:${production.OPERATOR_TOKEN}@db/shop` }],
    [
      'DATABASE_URL',
      'OPERATOR_TOKEN',
      { DATABASE_URL: `host=db dbname=s password=${production.OPERATOR_TOKEN}` },
    ],
    [
      'DATABASE_URL',
      'OPERATOR_TOKEN',
      { DATABASE_URL: `postgres://u@/s?password=${production.OPERATOR_TOKEN}` },
    ],
    [
      'DATABASE_URL',
      'OPERATOR_TOKEN',
      { DATABASE_URL: 'postgres://u:p%40w%2F1f7d02be85a3@db/s', OPERATOR_TOKEN: 'p@w/1f7d02be85a3' },
    ],
    ['SMTP_URL', 'COOKIE_SECRET', { SMTP_URL: `smtps://u:${production.COOKIE_SECRET}@mail.example` }],
  ])('are not equal: %s and %s', (one, other, env) => {
    const faults = faultsOf({ ...production, ...env });
    expect(faults).toContain('is the same as');
    expect(faults).toContain(one);
    expect(faults).toContain(other);
  });

  test.each([
    ['STRIPE_SECRET_KEY', 'sk_live_51HxyzAbCdEf\n'],
    ['COOKIE_SECRET', 'e07b4c5d91fa2863\u00a0'],
    ['OPERATOR_TOKEN', ' 9c41f7d02be85a36'],
    ['STRIPE_WEBHOOK_SECRET', 'whsec_Zq81LmNopQrs\r\n'],
    ['SMTP_URL', 'smtps://u:p@mail.example\t'],
    ['DATABASE_URL', 'postgres://u:p@db/shop\n'],
    ['PUBLIC_URL', '\ufeffhttps://shop.example'],
    ['DATA_DIR', ' '],
  ])('and other settings have no white space around them: %s', (name, value) => {
    expect(faultsOf({ ...production, [name]: value })).toContain(`${name}: begins or ends with white space`);
  });

  test.each([
    ['STRIPE_WEBHOOK_SECRET', { STRIPE_WEBHOOK_SECRET: `whsec_${production.OPERATOR_TOKEN}` }],
    ['the password in DATABASE_URL', { DATABASE_URL: 'postgres://u:9c41f7d0@db/shop' }],
  ])('and OPERATOR_TOKEN do not contain each other: %s', (name, env) => {
    const faults = faultsOf({ ...production, ...env });
    expect(faults).toContain(`OPERATOR_TOKEN: contains ${name}, or is a part of it; generate a new one`);
    expect(faults).not.toContain('9c41f7d0');
  });

  test.each([
    ['OPERATOR_TOKEN', '"9c41f7d02be85a36"'],
    ['COOKIE_SECRET', "'e07b4c5d91fa2863'"],
    ['PUBLIC_URL', '`https://shop.example`'],
  ])('and other settings are not in quotes: %s', (name, value) => {
    expect(faultsOf({ ...production, [name]: value })).toContain(`${name}: is in quotes`);
  });

  test.each([
    ['PUBLIC_URL', 'https://shop\n.example'],
    ['SMTP_URL', 'smtps://u:p\tw@mail.example'],
    ['DATA_DIR', 'data\u0007'],
  ])('and other settings have no control characters: %s', (name, value) => {
    expect(faultsOf({ ...production, [name]: value })).toContain(`${name}: has a control character`);
  });

  test.each(['9c41f7d0 2be85a36', '9c41f7d02be85ä36', '9c41f7d0\u200b2be85a36', '9c41f7d0\n2be85a36'])(
    'have only characters that a header carries: %j',
    (secret) => {
      for (const name of ['OPERATOR_TOKEN', 'STRIPE_SECRET_KEY', 'COOKIE_SECRET'])
        expect(faultsOf({ [name]: secret })).toContain(`${name}: has a space or a character beyond ASCII`);
      expect(faultsOf({ STRIPE_SECRET_KEY: secret })).toContain('cannot be sent; copy it again');
    },
  );
});

test('no fault shows a secret', () => {
  const secrets = {
    OPERATOR_TOKEN: 'hush hush hush hush',
    COOKIE_SECRET: 'hush hush hush hush',
    STRIPE_SECRET_KEY: 'sk_live_hush hush',
    STRIPE_WEBHOOK_SECRET: ' hush hush hush hush',
    DATABASE_URL: 'mysql://u:hush@db/shop',
    SMTP_URL: 'http://u:hush@mail',
    DBOS_CONDUCTOR_KEY: 'hüsh',
  };
  const message = (() => {
    try {
      readConfig(secrets, 'shop');
    } catch (error) {
      return String(error);
    }
    return 'accepted';
  })();
  expect(message).toContain('OPERATOR_TOKEN');
  expect(message).not.toMatch(/h[uü]sh/);
});

test('variables by which pg would connect in another way than libpq are refused, other variables are not ours', () => {
  const message = (env: Record<string, string>): string => {
    try {
      readConfig({ ...production, ...env }, 'shop');
    } catch (error) {
      return String(error);
    }
    return 'accepted';
  };
  expect(message({ PGSSLMODE: 'verify_full' })).toContain(
    'PGSSLMODE: is not read. Write it into DATABASE_URL',
  );
  expect(message({ PS1: '$ ', LESS: ' -R' })).toBe('accepted');
  expect(faultsOf({ PGSSLMODE: 'prefer' }), 'the embedded Postgres ignores it').toBe('');
});

describe('the local payment service', () => {
  test.each([
    [{ PORT: '4000', PAYMENT_SERVICE_PORT: '4000' }, 'PAYMENT_SERVICE_PORT: is the port of the shop'],
    [{ PAYMENT_SERVICE_PORT: '3000' }, 'PAYMENT_SERVICE_PORT: is the port of the shop'],
    [
      {
        PUBLIC_URL: 'http://shop.example',
        PAYMENT_SERVICE_URL: 'http://shop.example/',
        OPERATOR_TOKEN: production.OPERATOR_TOKEN,
      },
      'PAYMENT_SERVICE_URL: is the origin of the shop',
    ],
    [{ DATABASE_URL: 'postgres://u:p@db/payments' }, 'DATABASE_URL: names the database payments'],
    [{ DATABASE_URL: 'host=db dbname=payments' }, 'DATABASE_URL: names the database payments'],
  ])('has what it needs for itself: %o', (env, fault) => {
    expect(faultsOf(env)).toContain(fault);
    expect(faultsOf({ ...production, ...env, PAYMENT_PROVIDER: 'stripe' })).not.toContain(fault);
  });
});

test.each(['a$b', 'a`id`', 'a"b', 'a\\b'])('the embedded Postgres cannot have the folder %s', (name) => {
  expect(faultsOf({ DATA_DIR: name })).toContain('DATA_DIR: Postgres cannot use the folder');
  expect(faultsOf({ ...production, DATA_DIR: name }), 'another Postgres').toBe('');
});

test('the address of a Conductor has no effect without its key', () => {
  expect(faultsOf({ DBOS_CONDUCTOR_URL: 'wss://conductor.example' })).toContain(
    'DBOS_CONDUCTOR_KEY: is missing',
  );
});

test('one shop process alone points at the demonstration', () => {
  expect(faultsOf({}, 'shop')).toContain('npm start runs a whole demonstration');
  expect(faultsOf(production, 'shop')).toBe('');
});
