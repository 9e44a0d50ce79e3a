import type { FastifyInstance } from 'fastify';
import type { ForecastHold } from './checkout/clients.ts';
import { type StartCheckout } from './checkout/start-checkout.ts';
import type { ShopConfig } from './config.ts';
import { type Database } from './database/connection.ts';
import { listen } from './database/listen.ts';
import {
  addToCart,
  correctBuyer,
  fillCart,
  keepOrder,
  renewUsedKey,
  setCartQuantity,
} from './database/transactions/carts.ts';
import { correctEmail, resendLastEmail } from './database/transactions/email-of-order.ts';
import { planOrderLinks } from './database/transactions/emails.ts';
import { forgetBrowser } from './database/transactions/erase-personal-data.ts';
import { type EventContext, ingestPaymentEvent } from './database/transactions/ingest-payment-event.ts';
import { requestRefund } from './database/transactions/refund-order.ts';
import { requestCancellation } from './database/transactions/request-cancellation.ts';
import { requestReturn } from './database/transactions/request-return.ts';
import { resolveAttentionItem } from './database/transactions/resolve-attention-item.ts';
import { addStock, raiseToRestockLevel } from './database/transactions/restock.ts';
import { shipOrder } from './database/transactions/ship-order.ts';
import type { UnreadyCause } from './domain/readiness.ts';
import type { Assets } from './http/assets.ts';
import { type Browsers } from './http/browsers.ts';
import { codeGuessLimit, refuseOtherMethods } from './http/limits.ts';
import { documentRoutes } from './http/openapi.ts';
import { admitOperators } from './http/operators.ts';
import { type Pages } from './http/pages.ts';
import { type AttentionOptions, attentionRoutes } from './http/routes/attention.ts';
import { cartRoutes } from './http/routes/cart.ts';
import { cartCheckoutRoutes } from './http/routes/cart-checkout.ts';
import { catalogueRoutes } from './http/routes/catalogue.ts';
import { checkoutRoutes } from './http/routes/checkout.ts';
import { demonstrationRoutes } from './http/routes/demonstration.ts';
import { discoveryRoutes } from './http/routes/discovery.ts';
import { findOrderRoutes } from './http/routes/find-order.ts';
import { healthRoutes } from './http/routes/health.ts';
import { mailPreviewRoutes } from './http/routes/mail-preview.ts';
import { operatorRoutes } from './http/routes/operator.ts';
import { operatorPageRoutes } from './http/routes/operator-page.ts';
import { orderContactRoutes } from './http/routes/order-contact.ts';
import { orderEventRoutes } from './http/routes/order-events.ts';
import { recentOrderRoutes, yourOrdersRoutes } from './http/routes/order-lists.ts';
import { orderPageRoutes } from './http/routes/order-page.ts';
import { orderRoutes } from './http/routes/orders.ts';
import { paymentWebhookRoutes } from './http/routes/payment-webhook.ts';
import { productRoutes } from './http/routes/products.ts';
import { type ReconciliationOptions, reconciliationRoutes } from './http/routes/reconciliation.ts';
import { type RefundOptions, refundRoutes } from './http/routes/refunds.ts';
import { securityTxtRoutes } from './http/routes/security-txt.ts';
import { type ShipmentOptions, shipmentRoutes } from './http/routes/shipments.ts';
import { shopPageRoutes } from './http/routes/shop-pages.ts';
import type { PaymentProvider } from './payments/provider.ts';
import type { FailureLimit } from './shared/failure-limit.ts';
import { version } from './shared/program.ts';
import { inTransaction } from './shared/statement.ts';
import { type Renderer } from './storefront/render.ts';
import type { ShopPage } from './storefront/shop-view.ts';
import { type Reconciler } from './workflows/reconcile.ts';

/** The services that the routes use. */
export interface Services {
  readonly browsers: Browsers;
  readonly database: Database;
  readonly renderer: Renderer;
  readonly pages: Pages;
  /** The pages that the shop wrote itself. */
  readonly shopPages: readonly ShopPage[];
  readonly assets: Assets;
  readonly provider: PaymentProvider;
  readonly context: EventContext;
  readonly reconciler: Reconciler;
  readonly startCheckout: StartCheckout;
  readonly forecastHold: ForecastHold;
  /** Why orders cannot be taken; null when they can. */
  readonly checkReady: () => Promise<UnreadyCause | null>;
}

/** Registers every route of the shop, and passes to each the writes that it may make. */
export async function registerRoutes(
  server: FastifyInstance,
  config: ShopConfig,
  services: Services,
): Promise<void> {
  const finishMethods = refuseOtherMethods(server);
  await documentRoutes(server, {
    version,
    publicUrl: config.publicUrl,
    documentsOperators: config.documentsOperators,
  });
  const codeGuesses = codeGuessLimit();
  await registerPages(server, config, services);
  await registerCart(server, config, services, codeGuesses);
  await registerApi(server, config, services, codeGuesses);
  await registerOperators(server, config, services);
  await server.register(healthRoutes, { checkReady: services.checkReady });
  const { securityContact: contact, publicUrl } = config;
  await server.register(securityTxtRoutes, { contact, publicUrl });
  finishMethods();
}

async function registerPages(
  server: FastifyInstance,
  {
    publicUrl,
    identity,
    production,
    publicOrders,
    checkoutsPerMinute,
    eventStreamsPerAddress,
    databaseUrl,
    email,
    payment: { provider },
  }: ShopConfig,
  { browsers, database, pages, renderer, shopPages, assets }: Services,
): Promise<void> {
  const shared = { browsers, database, pages };
  const sendsEmail = email.delivery !== 'off';
  await server.register(catalogueRoutes, { ...shared, publicUrl });
  await server.register(shopPageRoutes, { pages, shopPages });
  await server.register(discoveryRoutes, {
    database,
    publicUrl,
    shopName: identity.name,
    shopPages,
    assetAddress: assets.address,
  });
  if (!production && publicOrders) await server.register(recentOrderRoutes, shared);
  await server.register(orderPageRoutes, {
    ...shared,
    askToCancel: (token) => requestCancellation(database, token),
    fillCart: (request) => fillCart(database, request),
    checkoutsPerMinute,
    sendsEmail,
    provider,
  });
  await server.register(orderContactRoutes, {
    ...shared,
    sendsEmail,
    correctEmail: (order) => correctEmail(database, order),
    resendLastEmail: (token) => resendLastEmail(database, token),
    requestReturn: (request) => requestReturn(database, request),
  });
  await server.register(findOrderRoutes, {
    ...shared,
    delivery: email.delivery,
    planOrderLinks: (address) => planOrderLinks(database, address),
  });
  await server.register(orderEventRoutes, {
    database,
    renderer,
    sendsEmail,
    streamsPerAddress: eventStreamsPerAddress,
    listen: (callbacks) => listen({ databaseUrl, channel: 'order_changed', ...callbacks }),
  });
}

async function registerApi(
  server: FastifyInstance,
  { production, publicUrl, publicOrders, checkoutsPerMinute, checkoutKeys, payment }: ShopConfig,
  { browsers, database, provider, context, startCheckout }: Services,
  codeGuesses: FailureLimit,
): Promise<void> {
  const paymentServiceUrl = payment.provider === 'local' ? payment.serviceUrl : undefined;
  if (!production && paymentServiceUrl !== undefined) {
    await server.register(demonstrationRoutes, { database, paymentServiceUrl: payment.serviceApiUrl });
  }
  await server.register(checkoutRoutes, {
    startCheckout,
    browsers,
    checkoutKeys,
    publicUrl,
    paymentServiceUrl,
    checkoutsPerMinute,
    codeGuesses,
  });
  await server.register(productRoutes, { database });
  if (publicOrders) await server.register(orderRoutes, { database });
  await server.register(paymentWebhookRoutes, {
    provider,
    receiveEvent: (event) => ingestPaymentEvent(database, context, event),
  });
}

async function registerCart(
  server: FastifyInstance,
  { checkoutsPerMinute, email }: ShopConfig,
  { browsers, database, pages, startCheckout, forecastHold }: Services,
  codeGuesses: FailureLimit,
): Promise<void> {
  const shared = { browsers, database, pages };
  await server.register(cartRoutes, {
    ...shared,
    addToCart: (request) => addToCart(database, request),
    setQuantity: (request) => setCartQuantity(database, request),
    keepOrder: (browserId) => keepOrder(database, browserId),
  });
  await server.register(cartCheckoutRoutes, {
    ...shared,
    startCheckout,
    renewUsedKey: (browserId) => renewUsedKey(database, browserId),
    correctBuyer: (order) => correctBuyer(database, order),
    checkoutsPerMinute,
    codeGuesses,
    forecastHold,
    asksEmail: email.delivery !== 'off',
  });
  await server.register(yourOrdersRoutes, {
    ...shared,
    forgetBrowser: (browserId) => forgetBrowser(database, browserId),
  });
}

/** The routes that only operators may use. Without a token they are open, as in a demonstration. */
async function registerOperators(
  server: FastifyInstance,
  { operatorToken, production, publicUrl, publicOrders, email }: ShopConfig,
  { browsers, database, pages, reconciler }: Services,
): Promise<void> {
  const shared = { browsers, database, pages };
  const refunds: RefundOptions = { requestRefund: (request) => requestRefund(database, request) };
  const shipments: ShipmentOptions = { shipOrder: (request) => shipOrder(database, request) };
  const attention: AttentionOptions = {
    database,
    resolveItem: (item) => inTransaction(database, (sql) => resolveAttentionItem(sql, item)),
  };
  const reconciliation: ReconciliationOptions = {
    database,
    reconcile: async () => ({ ...(await reconciler.reconcile()) }),
    compare: async () => ({ ...(await reconciler.compare()) }),
  };
  await server.register(async (operators) => {
    admitOperators(operators, operatorToken);
    if (!publicOrders) await operators.register(orderRoutes, { database });
    await operators.register(operatorRoutes, {
      crashable: !production,
      raiseToRestockLevel: (request) => raiseToRestockLevel(database, request),
      addStock: (request) => addStock(database, request),
    });
    await operators.register(refundRoutes, refunds);
    await operators.register(shipmentRoutes, shipments);
    await operators.register(attentionRoutes, attention);
    await operators.register(reconciliationRoutes, reconciliation);
    await operators.register(operatorPageRoutes, {
      ...refunds,
      ...shipments,
      ...attention,
      ...reconciliation,
      pages,
    });
    if (!production && email.delivery === 'preview')
      await operators.register(mailPreviewRoutes, { ...shared, publicUrl });
  });
}
