import { expect, test } from 'vitest';
import { readSimulatorConfig } from './config.ts';

const required = {
  DATABASE_URL: 'postgres://localhost/payments',
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
};

test('the required settings are sufficient', () => {
  expect(readSimulatorConfig(required)).toEqual({
    host: '127.0.0.1',
    port: 8086,
    publicUrl: undefined,
    databaseUrl: 'postgres://localhost/payments',
    webhookUrl: 'http://127.0.0.1:3000/payment_webhook',
    secretKey: 'sk_test_1',
    webhookSecret: 'whsec_1',
    operatorToken: undefined,
    logLevel: 'info',
  });
});

test('all faults are listed at once, and an empty value counts as missing', () => {
  const faulty = { PAYMENT_SERVICE_URL: 'http://localhost:1/path', STRIPE_SECRET_KEY: '', LOG_LEVEL: 'loud' };
  expect(() => readSimulatorConfig(faulty)).toThrow(
    /PAYMENT_SERVICE_URL: is an origin[\s\S]*DATABASE_URL: is missing[\s\S]*STRIPE_SECRET_KEY: is missing[\s\S]*LOG_LEVEL/,
  );
});

test('the public URL is an origin without a slash', () => {
  const config = readSimulatorConfig({ ...required, PAYMENT_SERVICE_URL: 'https://pay.example.org/' });
  expect(config.publicUrl).toBe('https://pay.example.org');
});
