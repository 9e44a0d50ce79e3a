import accepts from '@fastify/accepts';
import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { ShopError } from '../domain/errors.ts';
import { isFromOtherSite } from '../shared/same-site.ts';
import { type Assets, smallestToCompress } from './assets.ts';
import { logProblem, type Problem, problemOf, sendProblem, withRetryAfter } from './errors.ts';
import { assetRoutes } from './routes/assets.ts';
import { anyProblem } from './schemas.ts';

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
  /** Origin to which a checkout form may lead: the provider's payment pages. */
  readonly paymentOrigin: string;
  /** The page that shows a problem to a person. */
  readonly renderProblem: (problem: Problem) => Promise<string>;
}

const handlerTimeoutMs = 10_000;
const bodyLimitBytes = 64 * 1024;
// Longer than any that is allowed, so that the route's schema refuses it with its own words.
const longestParameter = 1_000;

/** The server without routes: limits, headers, body parsers, and one way to answer errors. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const server = Fastify({
    logger: { level: options.logLevel, base: { executor: options.executorId }, redact: ['*.email'] },
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: (_address, hop) => hop < options.trustProxy,
    handlerTimeout: handlerTimeoutMs,
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength: longestParameter, ignoreTrailingSlash: true },
    forceCloseConnections: 'idle',
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOf(error)),
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  logAnswers(server);
  answerErrors(server, options);
  readBodies(server);
  refuseOtherSites(server, options.publicUrl);
  refuseEncodedBodies(server);
  await server.register(accepts);
  await server.register(rateLimit, { global: false, errorResponseBuilder: tooManyRequests });
  await server.register(helmet, securityHeaders(options));
  await server.register(cookie, { secret: [...options.cookieSecrets] });
  await server.register(compress, { threshold: smallestToCompress, globalDecompression: false });
  await server.register(assetRoutes, { assets: options.assets });
  return server;
}

/** One line per answer, with the route instead of the address: addresses hold the tokens of orders. */
function logAnswers(server: FastifyInstance): void {
  server.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    const ms = Math.round(reply.elapsedTime);
    request.log.debug({ method, route: routeOptions.url, status: reply.statusCode, ms }, 'answered');
  });
}

function answerErrors(server: FastifyInstance, { renderProblem }: ServerOptions): void {
  // Every response that a route does not declare is a problem.
  server.addHook('onRoute', (route) => {
    if (!route.schema?.response) return;
    route.schema = { ...route.schema, response: { default: anyProblem, ...route.schema.response } };
  });
  server.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error);
    logProblem(request, problem, error);
    if (!wantsPage(request)) return sendProblem(reply, problem);
    const page = await renderProblem(problem);
    reply.header('cache-control', 'no-store').type('text/html; charset=utf-8');
    return withRetryAfter(reply, problem).code(problem.status).send(page);
  });
  server.setNotFoundHandler(() => {
    throw new ShopError('not_found', 'There is nothing at this address.');
  });
}

/** A person with a browser, rather than a program: programs get JSON unless they ask for a page. */
export function wantsPage(request: FastifyRequest): boolean {
  return (
    request.headers.accept?.includes('text/html') === true &&
    request.accepts().type(['json', 'html']) === 'html'
  );
}

/** An empty body is no body, whatever content type comes with it. */
function readBodies(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser('text/plain');
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parseJson(request, body, done);
  });
  void server.register(formbody, {
    parser: (body) =>
      (body === '' ? undefined : Object.fromEntries(new URLSearchParams(body))) as Record<string, unknown>,
  });
  server.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else
      done(
        new ShopError(
          'unsupported_media_type',
          `A body of ${request.headers['content-type']} is not understood.`,
        ),
      );
  });
}

/**
 * A page of another site must not order, restock or crash for the shopper who reads it. Browsers say where a request
 * comes from; programs, the payment provider among them, say nothing.
 */
function refuseOtherSites(server: FastifyInstance, publicUrl: string): void {
  const ours = new URL(publicUrl).host;
  const isDemonstration = isLoopback(new URL(publicUrl).hostname);
  server.addHook('onRequest', async (request) => {
    // Another site can give its own name our address; then a browser takes what we answer for that site's.
    if (isDemonstration && !isLoopback(request.hostname)) {
      throw new ShopError(
        'cross_site',
        'Set PUBLIC_URL to reach this shop under another name than localhost.',
      );
    }
    if (request.method !== 'POST') return;
    if (isFromOtherSite(request.headers, [ours, request.host])) {
      throw new ShopError('cross_site', 'This request came from a page of another site.');
    }
  });
}

/** Bodies come as they are: a small one that unpacks to a large one would have passed every limit. */
function refuseEncodedBodies(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    const { 'content-encoding': encoding = 'identity' } = request.headers;
    if (encoding === 'identity') return;
    reply.header('accept-encoding', 'identity');
    throw new ShopError('unsupported_media_type', 'A body is read only as it is: without Content-Encoding.');
  });
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function tooManyRequests(_request: FastifyRequest, context: { after: string }): Error {
  return new ShopError('rate_limited', `Too many requests from this address. Ask again in ${context.after}.`);
}

function securityHeaders({ publicUrl, paymentOrigin }: ServerOptions) {
  const https = publicUrl.startsWith('https:');
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        // Chromium applies this to the redirect after a form post, too.
        formAction: ["'self'", paymentOrigin],
        ...(https && { upgradeInsecureRequests: [] }),
      },
    },
    // Only for this host: what else lives under the domain is not ours to decide.
    strictTransportSecurity: https && { includeSubDomains: false },
    referrerPolicy: { policy: 'same-origin' as const },
  };
}
