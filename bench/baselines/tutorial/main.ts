import { DBOS } from '@dbos-inc/dbos-sdk';
import createKnex from 'knex';
import { createProviderCall } from '../provider-call.ts';
import { type Store, serve } from '../server.ts';
import { readSettings } from '../settings.ts';
import { createDataSource } from './data-source.ts';
import { createTables, tutorialTransactions } from './transactions.ts';
import { orderIdEvent, paymentIdEvent, paymentTopic, registerWorkflows } from './workflows.ts';

// The checkout of the second tutorial in our own code, on the same SDK with its settings as they come: a transaction for
// each verb with a checkpoint of its own, and ten sleeps and ten writes to dispatch. Its logs are off, as the shop's are.

const settings = readSettings(process.env);
const database = createKnex({ client: 'pg', connection: settings.databaseUrl });
await createTables(database);

const checkout = registerWorkflows({
  transactions: tutorialTransactions(createDataSource(database)),
  openSession: settings.providerUrl === undefined ? undefined : createProviderCall(settings.providerUrl),
  dispatchMs: settings.dispatchMs,
});

const store: Store = {
  checkOut: async (key, item) => {
    const { workflowID } = await DBOS.startWorkflow(checkout, { workflowID: key })(item);
    return (await DBOS.getEvent<string>(workflowID, paymentIdEvent)) ?? undefined;
  },
  acceptPayment: async ({ data }) => {
    const workflowId = data.object.client_reference_id;
    await DBOS.send(workflowId, 'paid', paymentTopic);
    const orderId = await DBOS.getEvent<number>(workflowId, orderIdEvent);
    if (orderId === null) throw new Error(`The checkout ${workflowId} did not take its payment.`);
  },
  listProducts: () => database('products').select('sku', 'inventory').orderBy('product_id'),
  restock: async (sku, quantity) => {
    await database('products').where({ sku }).increment({ inventory: quantity, supplied: quantity });
  },
};

DBOS.setConfig({ name: 'tutorial', systemDatabaseUrl: settings.databaseUrl, logLevel: 'error' });
await DBOS.launch();
await serve(store, settings);
