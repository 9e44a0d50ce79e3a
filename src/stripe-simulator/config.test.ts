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
    trustProxy: 0,
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

test.each([
  [{ STRIPE_SECRET_KEY: 'rk_live_51HxyzAbCdEf' }, 'STRIPE_SECRET_KEY: is a live key'],
  [{ HOST: '0.0.0.0' }, 'OPERATOR_TOKEN: is missing. With HOST=0.0.0.0'],
  [{ PAYMENT_SERVICE_URL: 'https://pay.example' }, 'OPERATOR_TOKEN: is missing. With PAYMENT_SERVICE_URL='],
])('started alone it refuses %o', (env, fault) => {
  expect(() => readSimulatorConfig({ ...required, ...env })).toThrow(fault);
  expect(() => readSimulatorConfig({ ...required, ...env })).not.toThrow('51HxyzAbCdEf');
});

test('with an operator token, or explicitly open, others may reach it', () => {
  for (const more of [{ OPERATOR_TOKEN: '9c41f7d02be85a36' }, { OPERATOR_ACCESS: 'open' }])
    expect(readSimulatorConfig({ ...required, HOST: '0.0.0.0', ...more }).host).toBe('0.0.0.0');
});

test('proxies are trusted where the public URL is that of one', () => {
  const trusted = (url: string) =>
    readSimulatorConfig({ ...required, PAYMENT_SERVICE_URL: url, TRUST_PROXY: '2', OPERATOR_ACCESS: 'open' })
      .trustProxy;
  expect(['https://pay.example', 'http://pay.example'].map(trusted)).toEqual([2, 0]);
});

test('the public URL is an origin without a slash', () => {
  const config = readSimulatorConfig({ ...required, PAYMENT_SERVICE_URL: 'http://localhost:8000/' });
  expect(config.publicUrl).toBe('http://localhost:8000');
});
