import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { FastifyInstance } from 'fastify';
import { createHoldForecast, warningsOfValue } from './checkout/clients.ts';
import { createStartCheckout } from './checkout/start-checkout.ts';
import type { ShopConfig } from './config.ts';
import { missingIdentity, readShopPages } from './config-identity.ts';
import { connect, type Database } from './database/connection.ts';
import { type EnginePool, openEnginePool } from './database/engine-pool.ts';
import { OpenConnections } from './database/open-connections.ts';
import { countCart } from './database/queries/carts.ts';
import { type EventContext } from './database/transactions/ingest-payment-event.ts';
import { createSmtpMailer } from './email/smtp.ts';
import { readAssets } from './http/assets.ts';
import { signedBrowsers } from './http/browsers.ts';
import { createPages } from './http/pages.ts';
import { buildServer } from './http/server.ts';
import { operatorWords } from './operator/words.ts';
import { openPaymentProvider } from './payments/open-provider.ts';
import { registerRoutes, type Services } from './routes.ts';
import { type ConnectionLimits, timeLimits } from './shared/http-server.ts';
import { projectFolder, version } from './shared/program.ts';
import { originOf } from './shared/settings.ts';
import { emailComposer } from './storefront/email-view.ts';
import { type Demonstration, errorView } from './storefront/layout-view.ts';
import { createRenderer, type Renderer } from './storefront/render.ts';
import { shopPage, shopView } from './storefront/shop-view.ts';
import { registerCheckout } from './workflows/checkout.ts';
import { CheckoutAnswers } from './workflows/checkout-answers.ts';
import { registerDispatch } from './workflows/dispatch.ts';
import { registerEmail } from './workflows/email.ts';
import { configureEngine, engineExecutorId, launchEngine, openQueues } from './workflows/engine.ts';
import { type Housekeeper, registerHousekeeping } from './workflows/housekeeping.ts';
import { createLiveness, type Liveness } from './workflows/liveness.ts';
import { awaitDatabase, Readiness } from './workflows/readiness.ts';
import { type Reconciler, registerReconciler } from './workflows/reconcile.ts';
import { startRedeliveryPoller } from './workflows/redelivery-poller.ts';
import { registerRefund } from './workflows/refund.ts';
import { registerResumeCheckout } from './workflows/resume-checkout.ts';

/** One shop process, wired but not started. */
export interface App {
  readonly server: FastifyInstance;
  /** Waits for the database, announces itself to the other processes and begins to work. @throws StartError */
  launch(): Promise<void>;
  /** Ends in order: not ready for a while (`drains`), then no new requests, running steps finish, connections close. */
  close(options?: { readonly drains: boolean }): Promise<void>;
}

const assetsDir = fileURLToPath(new URL('public/assets', projectFolder));
// On two cores more connections only take turns: 20 and 10 cost a tenth more processor time for each order.
const readPoolSize = 6;
// After a crash ten thousand workflows resume at once. They wait for a connection instead of failing.
const enginePool = { poolSize: 10, waitAtMostMs: 30_000 };
const drainMs = 1_000;

/**
 * Wires one shop process.
 * @param limits those of its connections that differ from the usual ones
 */
export async function buildApp(config: ShopConfig, limits: Partial<ConnectionLimits> = {}): Promise<App> {
  const connections = new OpenConnections();
  const database = connect(config.databaseUrl, readPoolSize, connections);
  const workflowPool = openEnginePool(config.databaseUrl, enginePool, connections);
  const provider = openPaymentProvider(config.payment);

  const { dispatchSeconds, shippingDays, holdLimits, publicUrl } = config;
  const endSettings = { dispatchSeconds, shippingDays, emailsPerDay: config.email.perDay };
  const context: EventContext = { live: provider.live, publicUrl, ...endSettings };
  registerDispatch();
  registerRefund({ database, provider, retrySeconds: config.payment.refundRetrySeconds });
  registerResumeCheckout({ provider, ...endSettings });
  const site = siteOf(config);
  const { assets, renderer } = site;
  registerEmail({ ...emailParts(config, renderer), publicUrl });
  const reconciler = registerReconciler({ database, provider, context });
  const housekeeper = registerHousekeeping(database, config);
  const answers = new CheckoutAnswers();
  const checkout = registerCheckout({
    database,
    provider,
    ...endSettings,
    holdLimits,
    answers,
    publicUrl,
    paymentRetries: config.payment.retries,
    paymentRetrySeconds: config.payment.retrySeconds,
  });
  const clientSettings = {
    ...config,
    // Without limits nobody is counted.
    clientSecret: holdLimits && (config.cookieSecrets[0] ?? null),
  };
  const startCheckout = createStartCheckout(database, checkout, answers, clientSettings);
  const forecastHold = createHoldForecast(database, clientSettings);

  const liveness = createLiveness({
    ...config,
    build: version,
    onLostConnection: () => {
      connections.closeSilent();
    },
  });
  const readiness = new Readiness(database, liveness);
  const browsers = signedBrowsers({ secure: publicUrl.startsWith('https:') });
  const pages = createPages({
    renderer,
    browsers,
    countCart: (browserId) => countCart(database, browserId),
    demonstration: demonstrationOf(config),
  });
  const server = await buildServer({
    ...config,
    assets,
    listenUrl: originOf(config.host, config.port),
    paymentOrigin: provider.pagesOrigin,
    connectionLimits: { ...timeLimits, connections: config.maxConnections, ...limits },
    onFailure: (error) => {
      readiness.noteFailure(error);
    },
    renderProblem: (problem) => pages.renderAlone('error', { error: errorView(problem) }),
  });
  const checkReady = () => readiness.check();
  const workings = { provider, context, reconciler, startCheckout, forecastHold, checkReady };
  await registerRoutes(server, config, { browsers, database, pages, ...site, ...workings });
  configureEngine(config, workflowPool, server.log);

  const parts = { server, database, workflowPool, liveness, readiness, reconciler, housekeeper };
  return { server, ...lifecycle(config, parts) };
}

/** The parts of a process that begin and end in order. */
interface Parts {
  readonly server: FastifyInstance;
  readonly database: Database;
  readonly workflowPool: EnginePool;
  readonly liveness: Liveness;
  readonly readiness: Readiness;
  readonly reconciler: Reconciler;
  readonly housekeeper: Housekeeper;
}

function lifecycle(config: ShopConfig, parts: Parts): Pick<App, 'launch' | 'close'> {
  const { server, database, workflowPool, liveness, readiness } = parts;
  let stopRedelivery = (): void => undefined;
  return {
    launch: async () => {
      await awaitDatabase(database, config);
      for (const warning of warningsOfIdentity(config)) server.log.warn(warning);
      for (const warning of await warningsOfValue(database, config.holdLimits)) server.log.warn(warning);
      // Its workflows must belong to a known process from the first one on. With a Conductor the engine chooses the id, and no other
      // process of ours takes over.
      if (!config.conductor) await liveness.start(config.executorId);
      await launchEngine(config.conductor, config.executorId);
      if (config.conductor) await liveness.start(engineExecutorId());
      await openQueues();
      await parts.reconciler.schedule(config.reconcileSeconds);
      await parts.housekeeper.schedule();
      stopRedelivery = startRedeliveryPoller(database);
    },
    close: async ({ drains } = { drains: true }) => {
      readiness.drain();
      if (drains) await pause(config.drainSeconds * 1000);
      try {
        await server.close();
        stopRedelivery();
        await DBOS.shutdown({ workflowCompletionTimeoutMS: drainMs });
        // An abandoned step may still hold a connection, which ends with the process.
        await Promise.race([workflowPool.end(), pause(drainMs)]);
      } finally {
        await liveness.end();
        await database.destroy();
      }
    },
  };
}

/** What a shop's pages are made of. */
function siteOf({ identity, publicUrl }: ShopConfig): Pick<Services, 'assets' | 'renderer' | 'shopPages'> {
  const assets = readAssets(assetsDir);
  const texts = identity.pagesDir === undefined ? [] : readShopPages(identity.pagesDir).texts;
  const shopPages = texts.map(({ name, text }) => shopPage(name, text));
  const shop = shopView(identity, publicUrl, shopPages);
  const renderer = createRenderer({ assetAddress: assets.address, shop, texts: { operatorWords } });
  return { assets, renderer, shopPages };
}

/** Where no real money moves, nobody needs to know who sells. */
function warningsOfIdentity({ identity, payment }: ShopConfig): string[] {
  const missing = payment.live ? missingIdentity(identity) : [];
  if (missing.length === 0) return [];
  return [`Buyers cannot see who sells: ${missing.join(', ')} missing. README.md lists these settings.`];
}

function emailParts({ email, publicUrl }: ShopConfig, renderer: Renderer) {
  const mailer =
    email.smtpUrl === undefined ? undefined : createSmtpMailer({ url: email.smtpUrl, from: email.from });
  return { ...email, mailer, compose: emailComposer(renderer, publicUrl) };
}

function demonstrationOf({
  production,
  operatorToken,
  publicOrders,
  email,
  payment,
}: ShopConfig): Demonstration | null {
  if (production) return null;
  return {
    open: operatorToken === undefined,
    publicOrders,
    outbox: email.delivery === 'preview',
    paymentServiceUrl: payment.provider === 'local' ? payment.serviceUrl : null,
  };
}
