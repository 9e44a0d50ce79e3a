// Loaded into every process of a host. Its supervisor starts no payment service of its own, and its shops use the one of the test.
if (process.argv[1]?.endsWith('/dist/main.js')) process.env['PAYMENT_PROVIDER'] = 'local';
