import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import qs from 'qs';
import type { SimulatorConfig } from '../config.ts';
import type { SimulatorContext } from '../context.ts';
import { newIdentifier } from '../identifier.ts';
import { publicFolder } from '../render.ts';
import { apiRoutes } from '../routes/api.ts';
import { controlRoutes } from '../routes/control.ts';
import { healthRoutes } from '../routes/health.ts';
import { ledgerRoutes } from '../routes/ledger.ts';
import { pageRoutes } from '../routes/pages.ts';
import { tutorialRoutes } from '../routes/tutorial.ts';
import { handleError, handleNotFound } from './errors.ts';
import { contentSecurityPolicy, helmetOptions } from './security.ts';

const bodyBytesMax = 256 * 1024;
const millisecondsPerRequest = 10_000;
const formLimits = { depth: 6, arrayLimit: 100, parameterLimit: 2_000 };

/** Makes the server without its routes, so that what they work with can use its log. */
export function createServer(config: SimulatorConfig): FastifyInstance {
  return fastify({
    logger: { level: config.logLevel, name: 'payment-service' },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newIdentifier('req'),
    bodyLimit: bodyBytesMax,
    requestTimeout: millisecondsPerRequest,
    routerOptions: { querystringParser: parseForm },
  });
}

/** Nested names, as `created[gte]`, in bodies and in queries. */
function parseForm(text: string): qs.ParsedQs {
  return qs.parse(text, formLimits);
}

/** Everything the service answers. */
export async function registerRoutes(server: FastifyInstance, context: SimulatorContext): Promise<void> {
  server.setErrorHandler(handleError);
  server.setNotFoundHandler(handleNotFound);
  await server.register(helmet, helmetOptions);
  await server.register(formbody, { parser: parseForm });
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'Request-Id': request.id,
      'Cache-Control': 'no-store',
      'Content-Security-Policy': contentSecurityPolicy([]),
    });
  });
  await server.register(fastifyStatic, {
    root: `${publicFolder}assets`,
    prefix: '/assets/',
    cacheControl: false,
  });
  await server.register(apiRoutes(context));
  await server.register(tutorialRoutes(context));
  await server.register(pageRoutes(context));
  await server.register(controlRoutes(context));
  await server.register(ledgerRoutes(context));
  await server.register(healthRoutes(context));
}
