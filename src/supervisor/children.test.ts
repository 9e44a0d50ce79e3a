import { expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { paymentServiceEnvironment } from './children.ts';

test('the local payment service gets the name of the shop as its business', () => {
  const local = {
    address: { port: 8086, url: 'http://localhost:8086', apiUrl: 'http://127.0.0.1:8086' },
    secrets: { secretKey: 'sk_test_0', webhookSecret: 'whsec_0' },
  };
  const config = readConfig({ SHOP_NAME: 'Quay' }, 'supervisor');
  const environment = paymentServiceEnvironment({}, 'postgres://localhost/payments', local, config);
  expect(environment).toMatchObject({ BUSINESS_NAME: 'Quay', PAYMENT_SERVICE_URL: 'http://localhost:8086' });
});
