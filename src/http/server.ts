import accepts from '@fastify/accepts';
import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import rateLimit from '@fastify/rate-limit';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RouteOptions,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { type ErrorCode, ShopError } from '../domain/errors.ts';
import { buyerFields } from '../domain/order.ts';
import { type ConnectionLimits, createHttpServer } from '../shared/http-server.ts';
import { isNestedTooDeeply, nestedTooDeeply } from '../shared/json-depth.ts';
import { contentSecurityPolicy, securityHeaders } from '../shared/security-headers.ts';
import { type Assets, assetRoutes, smallestToCompress } from './assets.ts';
import { clientAddressOf } from './client-address.ts';
import {
  logProblem,
  type Problem,
  problemMediaType,
  problemOf,
  problemOfUnreadable,
  sendProblem,
  withRetryAfter,
} from './errors.ts';
import { limitTime, refuseEncodedBodies, refuseOtherSites, tooManyRequests } from './limits.ts';
import { wantsPage } from './pages.ts';
import { anyProblem, withProblems } from './schemas.ts';

export interface ServerOptions {
  readonly logLevel: string;
  /** Names this process in its log. */
  readonly executorId: string;
  readonly trustProxy: number;
  readonly assets: Assets;
  /** The first signs cookies, and all are valid. */
  readonly cookieSecrets: readonly string[];
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
  /** Origin at which programs on this machine, such as the local payment service, reach it. */
  readonly listenUrl: string;
  /** Origin to which a checkout form may lead: the provider's payment pages. */
  readonly paymentOrigin: string;
  readonly connectionLimits: ConnectionLimits;
  /** Called with the error of each request that failed. */
  readonly onFailure: (error: unknown) => void;
  /** The page that shows a problem to a person. */
  readonly renderProblem: (problem: Problem) => Promise<string>;
}

const handlerTimeoutMs = 10_000;
const bodyLimitBytes = 64 * 1024;
// In bytes. A page takes a third of a millisecond, and waiting for a thread takes longer.
const largestToCompressAtOnce = 64 * 1024;
// Longer than any allowed parameter, so that the schema of the route refuses it with its own message.
const longestParameter = 1_000;

/** The server without routes: limits, headers, body parsers, and one way to answer errors. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const server: FastifyInstance = Fastify({
    logger: {
      level: options.logLevel,
      base: { executor: options.executorId },
      redact: [...buyerFields.map((field) => `*.${field}`), 'err.detail', 'err.where'],
    },
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: (_address, hop) => hop < options.trustProxy,
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength: longestParameter, ignoreTrailingSlash: true },
    forceCloseConnections: 'idle',
    serverFactory: (handle) =>
      createHttpServer(
        handle,
        httpServerOptions(options, () => server.log),
      ),
    // The server above answers these errors.
    clientErrorHandler: () => undefined,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOf(error)),
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  logAnswers(server);
  answerErrors(server, options);
  readBodies(server);
  refuseOtherSites(server, options);
  refuseEncodedBodies(server);
  limitTime(server, handlerTimeoutMs);
  await server.register(accepts);
  await server.register(rateLimit, {
    global: false,
    errorResponseBuilder: tooManyRequests,
    keyGenerator: ({ ip }) => clientAddressOf(ip),
  });
  await server.register(cookie, { secret: [...options.cookieSecrets] });
  await server.register(compress, {
    threshold: smallestToCompress,
    syncThreshold: largestToCompressAtOnce,
    globalDecompression: false,
  });
  await server.register(assetRoutes, { assets: options.assets });
  return server;
}

/** Logs one line per answer, with the route instead of the address, because addresses contain the tokens of orders. */
function logAnswers(server: FastifyInstance): void {
  server.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    const ms = Math.round(reply.elapsedTime);
    request.log.debug({ method, route: routeOptions.url, status: reply.statusCode, ms }, 'answered');
  });
}

function answerErrors(server: FastifyInstance, { onFailure, renderProblem }: ServerOptions): void {
  // Every response that a route does not declare is a problem.
  server.addHook('onRoute', (route) => {
    if (!route.schema?.response) return;
    const responses = withProblems(route.schema.response, problemsOf(route.method));
    route.schema = { ...route.schema, response: { default: anyProblem, ...responses } };
  });
  server.setErrorHandler(async (error, request, reply) => {
    onFailure(error);
    const problem = problemOf(error);
    logProblem(request, problem, error);
    if (!wantsPage(request)) return sendProblem(reply, problem);
    const page = await renderProblem(problem);
    reply.type('text/html; charset=utf-8');
    return withRetryAfter(reply, problem).code(problem.status).send(page);
  });
  server.setNotFoundHandler(() => {
    throw new ShopError('not_found', 'There is nothing at this address.');
  });
}

/** Refusals of every route, decided before or around its handler. */
function problemsOf(method: RouteOptions['method']): readonly ErrorCode[] {
  const always = ['cross_site', 'unsupported_media_type', 'unavailable', 'timeout'] as const;
  return [method].flat().includes('POST') ? [...always, 'malformed_body', 'body_too_large'] : always;
}

/** Treats an empty body as no body, whatever its content type. */
function readBodies(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser('text/plain');
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else if (isNestedTooDeeply(body)) done(new ShopError('malformed_body', nestedTooDeeply));
    else void parseJson(request, body, done);
  });
  void server.register(formbody, {
    parser: (body) =>
      (body === '' ? undefined : Object.fromEntries(new URLSearchParams(body))) as Record<string, unknown>,
  });
  server.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    const { 'content-type': type = 'no type' } = request.headers;
    const refusal = `A body of ${type} is not understood.`;
    if (body.length === 0) done(null, undefined);
    else done(new ShopError('unsupported_media_type', refusal));
  });
}

function httpServerOptions(
  { publicUrl, paymentOrigin, connectionLimits }: ServerOptions,
  log: () => FastifyBaseLogger,
) {
  const https = publicUrl.startsWith('https:');
  return {
    limits: connectionLimits,
    headers: securityHeaders({
      contentSecurityPolicy: contentSecurityPolicy({ formTargets: [paymentOrigin], https }),
      referrerPolicy: 'same-origin',
      frames: 'SAMEORIGIN',
      https,
    }),
    toUnreadable: (error: Error) => {
      const problem = problemOfUnreadable(error);
      log().info({ code: problem.code }, 'request refused');
      return { status: problem.status, type: problemMediaType, body: JSON.stringify(problem) };
    },
    onFull: () => {
      log().warn({ connections: connectionLimits.connections }, 'connections refused: there are too many');
    },
  } as const;
}
