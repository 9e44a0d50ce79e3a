import diagnostics from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';

/** The routes of a server, as `GET /order/:order_id`, and which of them have answered. */
export interface VisitedRoutes {
  readonly registered: ReadonlySet<string>;
  readonly answered: ReadonlySet<string>;
}

/** Watches every server that is built in this process from now on. @returns the routes of one of them */
export function watchRoutes(): (server: FastifyInstance) => VisitedRoutes {
  const watched = new Map<unknown, VisitedRoutes>();
  diagnostics.subscribe('fastify.initialization', (message) => {
    const { fastify: server } = message as { fastify: FastifyInstance };
    watched.set(server, watchServer(server));
  });
  return (server) => watched.get(server) ?? { registered: new Set(), answered: new Set() };
}

function watchServer(server: FastifyInstance): VisitedRoutes {
  const registered = new Set<string>();
  const answered = new Set<string>();
  server.addHook('onRoute', ({ method, url }) => {
    const methods = [method].flat();
    // No route accepts OPTIONS; its handlers refuse the methods that an address does not accept.
    if (methods.includes('OPTIONS')) return;
    for (const one of methods) if (one !== 'HEAD') registered.add(`${one} ${url}`);
  });
  server.addHook('onResponse', async ({ method, routeOptions }, { statusCode }) => {
    if (statusCode < 500) answered.add(`${method} ${routeOptions.url}`);
  });
  return { registered, answered };
}
