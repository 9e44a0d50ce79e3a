import { DBOS } from '@dbos-inc/dbos-sdk';
import createKnex from 'knex';
import {
  createProviderCall,
  type Item,
  type OpenSession,
  type Operations,
  readSettings,
  serve,
} from '../common.ts';
import { createDataSource } from './data-source.ts';
import { createTables, createTransactions } from './transactions.ts';

// The checkout of the second tutorial, written again on the same SDK with its default settings: a transaction and a
// checkpoint for each verb, and ten sleeps and ten writes to dispatch. Its logs are off, like the shop's.

const paymentTopic = 'payment';
const paymentIdEvent = 'payment_id';
const orderIdEvent = 'order_id';
const paymentWithinSeconds = 120;
const dispatchSteps = 10;

const settings = readSettings(process.env);
const database = createKnex({ client: 'pg', connection: settings.databaseUrl });
await createTables(database);
const transactions = createTransactions(createDataSource(database));

const dispatchOrder = DBOS.registerWorkflow(
  async (orderId: number) => {
    for (let step = 0; step < dispatchSteps; step += 1) {
      await DBOS.sleep(settings.dispatchMs / dispatchSteps);
      await transactions.advanceDispatch(orderId);
    }
  },
  { name: 'dispatchOrder' },
);

const checkout = DBOS.registerWorkflow(
  async (item: Item) => {
    const product = await transactions.subtractInventory(item).catch(() => undefined);
    if (!product) return DBOS.setEvent(paymentIdEvent, null);
    const orderId = await transactions.createOrder(product.product_id, item.qty);
    const paymentId = await openPayment(DBOS.workflowID ?? '', item.qty, product.price_cents);
    await DBOS.setEvent(paymentIdEvent, paymentId);
    const message = await DBOS.recv<string>(paymentTopic, paymentWithinSeconds);
    // The buyers always pay. The comparison of the tables reports an unpaid order.
    if (message === 'paid') {
      await transactions.markOrderPaid(orderId);
      await DBOS.startWorkflow(dispatchOrder)(orderId);
    }
    await DBOS.setEvent(orderIdEvent, orderId);
  },
  { name: 'checkout' },
);

const { providerUrl } = settings;
const openSession: OpenSession | undefined = providerUrl ? createProviderCall(providerUrl) : undefined;

/** The published tutorial calls no provider: its payment id is the workflow's id. */
async function openPayment(reference: string, quantity: number, priceCents: number): Promise<string> {
  if (!openSession) return reference;
  const request = { reference, quantity, priceCents, currency: 'USD' };
  const { id } = await DBOS.runStep(() => openSession(request), { name: 'openSession' });
  return id;
}

const operations: Operations = {
  checkOut: async (key, item) => {
    const { workflowID } = await DBOS.startWorkflow(checkout, { workflowID: key })(item);
    return (await DBOS.getEvent<string>(workflowID, paymentIdEvent)) ?? undefined;
  },
  acceptPayment: async ({ data }) => {
    const workflowId = data.object.client_reference_id;
    await DBOS.send(workflowId, 'paid', paymentTopic);
    const orderId = await DBOS.getEvent<number>(workflowId, orderIdEvent);
    if (orderId === null) throw new Error(`The checkout ${workflowId} did not receive its payment.`);
  },
  listProducts: () => database('products').select('sku', 'inventory').orderBy('product_id'),
  restock: async (sku, quantity) => {
    await database('products').where({ sku }).increment({ inventory: quantity, supplied: quantity });
  },
};

DBOS.setConfig({ name: 'tutorial', systemDatabaseUrl: settings.databaseUrl, logLevel: 'error' });
await DBOS.launch();
await serve(operations, settings);
