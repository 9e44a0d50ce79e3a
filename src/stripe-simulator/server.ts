import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import qs from 'qs';
import type { SimulatorConfig } from './config.ts';
import { handleError, handleNotFound } from './http/errors.ts';
import { contentSecurityPolicy, publicFolder } from './http/html.ts';
import { newIdentifier } from './model.ts';
import { apiRoutes } from './routes/api.ts';
import { controlRoutes } from './routes/control.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { paymentPageRoutes } from './routes/payment-page.ts';
import { tutorialRoutes } from './routes/tutorial.ts';
import type { SimulatorContext } from './transaction.ts';

const bodyBytesMax = 256 * 1024;
const millisecondsPerRequest = 10_000;
const formLimits = { depth: 6, arrayLimit: 100, parameterLimit: 2_000 };

/** Creates the server without its routes, so that their dependencies can use its log. */
export function createServer(config: SimulatorConfig): FastifyInstance {
  return fastify({
    logger: { level: config.logLevel, name: 'stripe-simulator' },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newIdentifier('req'),
    bodyLimit: bodyBytesMax,
    requestTimeout: millisecondsPerRequest,
    routerOptions: { querystringParser: parseForm },
  });
}

/** Reads nested names, as in `created[gte]`, in bodies and in queries. */
function parseForm(text: string): qs.ParsedQs {
  return qs.parse(text, formLimits);
}

/** Registers all routes. */
export async function registerRoutes(server: FastifyInstance, context: SimulatorContext): Promise<void> {
  server.setErrorHandler(handleError);
  server.setNotFoundHandler(handleNotFound);
  await server.register(helmet, {
    // The policy depends on the session, so the routes set it.
    contentSecurityPolicy: false,
    // The simulator speaks plain HTTP.
    hsts: false,
    // The address of a payment page is a secret.
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  await server.register(formbody, { parser: parseForm });
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'Request-Id': request.id,
      'Cache-Control': 'no-store',
      'Content-Security-Policy': contentSecurityPolicy(),
    });
  });
  await server.register(fastifyStatic, {
    root: `${publicFolder}assets`,
    prefix: '/assets/',
    cacheControl: false,
  });
  for (const routes of [apiRoutes, tutorialRoutes, paymentPageRoutes, controlRoutes, ledgerRoutes]) {
    await server.register(routes(context));
  }
  // 503 while Postgres is away.
  server.get('/healthz', async () => {
    await context.sql('select 1');
    return { status: 'ok' };
  });
}
