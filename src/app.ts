import { fileURLToPath } from 'node:url';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { FastifyInstance } from 'fastify';
import type { Config } from './config.ts';
import { connect, type Database } from './database/connection.ts';
import { countCart } from './database/queries/carts.ts';
import { outboxTransaction } from './database/statement.ts';
import { askToCancel } from './database/transactions/cancel-wish.ts';
import { type Inbox, receivePaymentEvent } from './database/transactions/payment-events.ts';
import { requestRefund } from './database/transactions/refunds.ts';
import { settleMatter } from './database/transactions/restarts.ts';
import { addStock, raiseToRestockLevel } from './database/transactions/stock.ts';
import { ShopError } from './domain/errors.ts';
import { type Assets, readAssets } from './http/assets.ts';
import { type Browsers, signedBrowsers } from './http/browsers.ts';
import { documentRoutes } from './http/documentation.ts';
import { watchMethods } from './http/methods.ts';
import { createPages, type Pages } from './http/pages.ts';
import { type AttentionOptions, attentionRoutes } from './http/routes/attention.ts';
import { catalogueRoutes } from './http/routes/catalogue.ts';
import { checkoutRoutes } from './http/routes/checkout.ts';
import { demonstrationRoutes } from './http/routes/demonstration.ts';
import { healthRoutes } from './http/routes/health.ts';
import { operatorRoutes } from './http/routes/operator.ts';
import { operatorPageRoutes } from './http/routes/operator-page.ts';
import { orderPageRoutes } from './http/routes/order-page.ts';
import { orderRoutes } from './http/routes/orders.ts';
import { outboxRoutes } from './http/routes/outbox.ts';
import { paymentWebhookRoutes } from './http/routes/payment-webhook.ts';
import { productRoutes } from './http/routes/products.ts';
import { type RefundOptions, refundRoutes } from './http/routes/refunds.ts';
import { buildServer } from './http/server.ts';
import { createSmtpNotifier } from './notifications/smtp.ts';
import { createStripeProvider } from './payments/stripe.ts';
import { readPaymentEvent } from './payments/webhook.ts';
import { emailComposer } from './storefront/email-view.ts';
import { errorView } from './storefront/error-view.ts';
import type { Demonstration } from './storefront/frame-view.ts';
import { createRenderer, type Renderer } from './storefront/render.ts';
import { adoptOrdersInFlight } from './workflows/adopt.ts';
import { registerCheckout } from './workflows/checkout.ts';
import { openDispatchQueue, registerDispatch } from './workflows/dispatch.ts';
import { openEmailQueue, registerEmail } from './workflows/email.ts';
import { configureEngine } from './workflows/engine.ts';
import { followUpsOf, startNow } from './workflows/follow-ups.ts';
import { type Reconciler, registerReconciler } from './workflows/reconcile.ts';
import { openMoneyQueue, registerRefund } from './workflows/refund.ts';
import { registerResumeCheckout } from './workflows/resume-checkout.ts';
import { checkoutStarter, type StartCheckout } from './workflows/start-checkout.ts';

/** One shop process, wired but not started. */
export interface App {
  readonly server: FastifyInstance;
  /** Takes its workflows up again and begins to work; fails while Postgres is away. */
  launch(): Promise<void>;
  /** Ends in order: no new requests, running steps finish, connections close. */
  close(): Promise<void>;
}

/** The settings of one shop process, whose database and name are known. */
export type ShopConfig = Config & {
  readonly databaseUrl: string;
  readonly executorId: string;
  /** Whether it is one of the processes of a supervisor, which alone gives their names. */
  readonly supervised: boolean;
};

const version = '0.1.0';
const assetsDir = fileURLToPath(new URL('../public/assets', import.meta.url));
const readPoolSize = 10;
const drainMs = 1_000;
const stripeShortestSessionSeconds = 1_800;

/** Wires one shop process. Reads as a table of contents; nothing is decided here. */
export async function buildApp(config: ShopConfig): Promise<App> {
  const database = connect(config.databaseUrl, readPoolSize);
  const local = config.payment.provider === 'local';
  const provider = createStripeProvider({
    secretKey: config.payment.secretKey ?? '',
    serviceUrl: local ? config.payment.serviceUrl : undefined,
    shortestSessionSeconds: local ? 0 : stripeShortestSessionSeconds,
    callTimeoutMs: config.payment.timeoutSeconds * 1000,
  });

  const followUps = followUpsOf(config);
  const inbox: Inbox = { followUps, live: provider.live };
  registerDispatch();
  registerRefund({ provider, followUps, retrySeconds: config.payment.refundRetrySeconds });
  registerResumeCheckout({ provider, followUps });
  const assets = readAssets(assetsDir);
  const renderer = createRenderer({ cache: config.production, assetAddress: assets.address });
  registerEmail({ ...emailParts(config, renderer), publicUrl: config.publicUrl });
  const reconciler = registerReconciler({ database, provider, inbox, readEvent: readPaymentEvent });
  const checkout = registerCheckout({
    provider,
    followUps,
    publicUrl: config.publicUrl,
    paymentRetries: config.payment.retries,
    paymentRetrySeconds: config.payment.retrySeconds,
  });
  const startCheckout = checkoutStarter(database, checkout, { holdSeconds: config.holdSeconds });

  const browsers = signedBrowsers({ secure: config.publicUrl.startsWith('https:') });
  const pages = createPages({
    renderer,
    browsers,
    countCart: (browserId) => countCart(database, browserId),
    demonstration: demonstrationOf(config),
  });
  const parts = { assets, browsers, database, pages, inbox, reconciler, startCheckout };
  const server = await buildShopServer(config, parts);
  configureEngine(config, server.log);

  return {
    server,
    launch: async () => {
      await DBOS.launch();
      await openDispatchQueue();
      await openMoneyQueue();
      await openEmailQueue();
      await reconciler.schedule(config.reconcileSeconds);
      if (config.supervised) await adoptOrdersInFlight(config.executorId, config.webConcurrency);
    },
    close: async () => {
      await server.close();
      await DBOS.shutdown({ workflowCompletionTimeoutMS: drainMs });
      await database.destroy();
    },
  };
}

function emailParts({ email, publicUrl }: ShopConfig, renderer: Renderer) {
  const notifier =
    email.smtpUrl === undefined ? undefined : createSmtpNotifier({ url: email.smtpUrl, from: email.from });
  return { ...email, notifier, compose: emailComposer(renderer, publicUrl) };
}

function demonstrationOf({ production, operatorToken, email, payment }: ShopConfig): Demonstration | null {
  if (production) return null;
  return {
    open: operatorToken === undefined,
    outbox: email.delivery === 'outbox',
    paymentServiceUrl: payment.provider === 'local' ? payment.serviceUrl : null,
  };
}

/** What the routes are given to work with. */
interface Parts {
  readonly assets: Assets;
  readonly browsers: Browsers;
  readonly database: Database;
  readonly pages: Pages;
  readonly inbox: Inbox;
  readonly reconciler: Reconciler;
  readonly startCheckout: StartCheckout;
}

async function buildShopServer(config: ShopConfig, parts: Parts): Promise<FastifyInstance> {
  const { assets, database, pages, inbox, startCheckout } = parts;
  const local = config.payment.provider === 'local';
  const paymentServiceUrl = local ? config.payment.serviceUrl : undefined;
  const server = await buildServer({
    logLevel: config.logLevel,
    executorId: config.executorId,
    assets,
    cookieSecrets: config.cookieSecrets,
    trustProxy: config.trustProxy,
    publicUrl: config.publicUrl,
    paymentOrigin: paymentServiceUrl ?? 'https://checkout.stripe.com',
    renderProblem: (problem) => pages.renderAlone('error', { error: errorView(problem) }),
  });
  const refuseOtherMethods = watchMethods(server);
  await documentRoutes(server, version);

  const { publicUrl, checkoutsPerMinute, operatorToken } = config;
  await server.register(catalogueRoutes, { database, pages, startCheckout, checkoutsPerMinute });
  await server.register(orderPageRoutes, {
    database,
    pages,
    askToCancel: (token) => askToCancel(database, inbox.followUps, token),
    checkoutsPerMinute,
  });
  await server.register(checkoutRoutes, { startCheckout, publicUrl, paymentServiceUrl, checkoutsPerMinute });
  await server.register(productRoutes, { database });
  await server.register(orderRoutes, { database });
  await server.register(paymentWebhookRoutes, {
    webhookSecrets: config.payment.webhookSecrets,
    receiveEvent: (event) => receivePaymentEvent(database, inbox, event),
  });
  await registerOperatorRoutes(server, config, parts);
  if (!config.production && config.email.delivery === 'outbox') {
    await server.register(outboxRoutes, { operatorToken, database, pages, publicUrl });
  }
  if (!config.production && paymentServiceUrl !== undefined) {
    await server.register(demonstrationRoutes, { database, paymentServiceUrl });
  }
  await server.register(healthRoutes, { checkReady: () => checkReady(database) });
  refuseOtherMethods();
  return server;
}

async function registerOperatorRoutes(
  server: FastifyInstance,
  { operatorToken, production }: ShopConfig,
  { database, pages, inbox, reconciler }: Parts,
): Promise<void> {
  await server.register(operatorRoutes, {
    operatorToken,
    crashable: !production,
    raiseToRestockLevel: (request) => raiseToRestockLevel(database, request),
    addStock: (request) => addStock(database, request),
  });
  const refunds: RefundOptions = {
    operatorToken,
    requestRefund: (request) => requestRefund(database, inbox.followUps, request),
  };
  const attention: AttentionOptions = {
    operatorToken,
    database,
    settleMatter: (matter) =>
      outboxTransaction(database, (sql) =>
        settleMatter(sql, (workflow, id) => startNow[workflow](id), matter),
      ),
    reconcile: async () => ({ ...(await reconciler.reconcile()) }),
    compare: async () => ({ ...(await reconciler.compare()) }),
  };
  await server.register(refundRoutes, refunds);
  await server.register(attentionRoutes, attention);
  await server.register(operatorPageRoutes, { ...refunds, ...attention, pages });
}

async function checkReady(database: Database): Promise<void> {
  await database.raw('select 1');
  if (!DBOS.isInitialized()) throw new ShopError('unavailable', 'The workflows are not running yet.');
}
