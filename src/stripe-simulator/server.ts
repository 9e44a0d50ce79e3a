import formbody from '@fastify/formbody';
import fastifyStatic from '@fastify/static';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import qs from 'qs';
import { type ConnectionLimits, createHttpServer, timeLimits } from '../shared/http-server.ts';
import { isNestedTooDeeply, nestedTooDeeply } from '../shared/json-depth.ts';
import { contentSecurityPolicy, securityHeaders } from '../shared/security-headers.ts';
import { originOf } from '../shared/settings.ts';
import type { SimulatorConfig } from './config.ts';
import { errorBody, handleError, handleNotFound, invalidRequest } from './http/errors.ts';
import { publicFolder } from './http/html.ts';
import { admitOperators, refuseForeignNames } from './http/operators.ts';
import { newIdentifier } from './model.ts';
import { apiRoutes } from './routes/api.ts';
import { controlRoutes } from './routes/control.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { paymentPageRoutes } from './routes/payment-page.ts';
import { tutorialRoutes } from './routes/tutorial.ts';
import type { SimulatorContext } from './transaction.ts';

const bodyBytesMax = 256 * 1024;
// A demonstration has few shoppers.
const connectionsMax = 2_000;
/** The statuses of requests that Node does not read to their end, by its error; 400 for all others. */
const parserStatuses: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};
const formLimits = { depth: 6, arrayLimit: 100, parameterLimit: 2_000 };

/**
 * Creates the server without its routes, so that their dependencies can use its log.
 * @param limits those of its connections that differ from the usual ones
 */
export function createServer(
  config: SimulatorConfig,
  limits: Partial<ConnectionLimits> = {},
): FastifyInstance {
  const connectionLimits = { ...timeLimits, connections: connectionsMax, ...limits };
  const server: FastifyInstance = fastify({
    logger: { level: config.logLevel, name: 'stripe-simulator' },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newIdentifier('req'),
    trustProxy: (_address, hop) => hop < config.trustProxy,
    bodyLimit: bodyBytesMax,
    routerOptions: { querystringParser: parseForm },
    serverFactory: (handle) =>
      createHttpServer(
        handle,
        httpServerOptions(config, connectionLimits, () => server.log),
      ),
    // The server above answers these errors.
    clientErrorHandler: () => undefined,
  });
  return server;
}

function httpServerOptions(
  { publicUrl = '' }: SimulatorConfig,
  limits: ConnectionLimits,
  log: () => FastifyBaseLogger,
) {
  return {
    limits,
    headers: securityHeaders({
      // The policy of a payment page depends on its session, so the page sets it.
      contentSecurityPolicy: contentSecurityPolicy(),
      // The address of a payment page is a secret.
      referrerPolicy: 'no-referrer',
      frames: 'DENY',
      // The simulator speaks plain HTTP; a proxy may stand before it.
      https: publicUrl.startsWith('https:'),
    }),
    toUnreadable: ({ message, code = '' }: NodeJS.ErrnoException) => {
      const status = parserStatuses[code] ?? 400;
      const body = JSON.stringify(errorBody({ status, type: 'invalid_request_error', message }));
      return { status, type: 'application/json', body };
    },
    onFull: () => {
      log().warn({ connections: limits.connections }, 'connections refused: there are too many');
    },
  } as const;
}

/** Reads nested names, as in `created[gte]`, in bodies and in queries. */
function parseForm(text: string): qs.ParsedQs {
  return qs.parse(text, formLimits);
}

/** Registers all routes. */
export async function registerRoutes(
  server: FastifyInstance,
  config: SimulatorConfig,
  context: SimulatorContext,
): Promise<void> {
  server.setErrorHandler(handleError);
  server.setNotFoundHandler(handleNotFound);
  await server.register(formbody, { parser: parseForm });
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (isNestedTooDeeply(body)) done(invalidRequest(nestedTooDeeply));
    else void parseJson(request, body, done);
  });
  server.addHook('onRequest', async (request, reply) => {
    reply.header('Request-Id', request.id);
  });
  const listenUrl = originOf(config.host, config.port);
  refuseForeignNames(server, () => ({ publicUrl: context.publicUrl(), listenUrl }));
  await server.register(fastifyStatic, {
    root: `${publicFolder}assets`,
    prefix: '/assets/',
    cacheControl: false,
  });
  for (const routes of [apiRoutes, tutorialRoutes, paymentPageRoutes]) await server.register(routes(context));
  await server.register(async (operators) => {
    admitOperators(operators, config.operatorToken);
    await operators.register(controlRoutes(context));
    await operators.register(ledgerRoutes(context));
  });
  // 503 while Postgres is away.
  server.get('/healthz', async () => {
    await context.sql('select 1');
    return { status: 'ok' };
  });
}
