import { describe, expect, test } from 'vitest';
import { readConfig, SettingsError } from './config.ts';

const shop = {
  DATABASE_URL: 'postgres://localhost/holdfast',
  STRIPE_SECRET_KEY: 'sk_test_0123456789',
  STRIPE_WEBHOOK_SECRET: 'whsec_0123456789',
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

  test('takes an empty value for a missing one', () => {
    expect(readConfig({ PORT: '' }, 'supervisor').port).toBe(3000);
  });

  test('is frozen', () => {
    expect(Object.isFrozen(readConfig({}, 'supervisor'))).toBe(true);
  });
});

describe('faults', () => {
  test('are all listed at once, by name', () => {
    const faults = faultsOf({ PORT: '70000', HOLD_SECONDS: '-1', LOG_LEVEL: 'loud' }, 'supervisor');
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['PORT', 'HOLD_SECONDS', 'LOG_LEVEL']);
  });

  test('list what is wrong and what is missing together', () => {
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
    ]);
  });

  test('an address with a path is no origin', () => {
    expect(faultsOf({ PUBLIC_URL: 'https://shop.example/store' }, 'supervisor')).toHaveLength(1);
  });
});

describe('production', () => {
  const production = {
    ...shop,
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://shop.example',
    OPERATOR_TOKEN: '0123456789abcdef',
    COOKIE_SECRET: '0123456789abcdef',
    EXECUTOR_ID: 'shop-0',
  };

  test('refuses to start without each of its settings, and lists all that are missing', () => {
    const names = faultsOf({ NODE_ENV: 'production' }, 'supervisor').map((fault) => fault.split(':')[0]);
    expect(names).toEqual([
      'DATABASE_URL',
      'PUBLIC_URL',
      'OPERATOR_TOKEN',
      'COOKIE_SECRET',
      'STRIPE_SECRET_KEY',
      'STRIPE_WEBHOOK_SECRET',
    ]);
  });

  test('takes payments by Stripe, and no simulated ones', () => {
    expect(readConfig(production, 'shop').payment.provider).toBe('stripe');
    expect(faultsOf({ ...production, PAYMENT_PROVIDER: 'local' }, 'shop')).toHaveLength(1);
  });
});
