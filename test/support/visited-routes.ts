import diagnostics from 'node:diagnostics_channel';
import type { FastifyInstance, RouteOptions } from 'fastify';

/** The routes of a server, as `GET /order/:order_id`, and which of them have answered. */
export interface VisitedRoutes {
  readonly registered: ReadonlyMap<string, RouteOptions>;
  readonly answered: ReadonlySet<string>;
}

/** The header in which each answer of a watched server names its route; for an unknown address it has the method alone. */
export const routeHeader = 'x-test-route';

const built = 'fastify.initialization';

/** Watches every server that is built in this process until the routes of one of them are asked for. */
export function watchRoutes(): (server: FastifyInstance) => VisitedRoutes {
  const watched = new Map<unknown, VisitedRoutes>();
  const watch = (message: unknown): void => {
    const { fastify: server } = message as { fastify: FastifyInstance };
    watched.set(server, watchServer(server));
  };
  diagnostics.subscribe(built, watch);
  return (server) => {
    diagnostics.unsubscribe(built, watch);
    return watched.get(server) ?? { registered: new Map(), answered: new Set() };
  };
}

function watchServer(server: FastifyInstance): VisitedRoutes {
  const registered = new Map<string, RouteOptions>();
  const answered = new Set<string>();
  server.addHook('onRoute', (route) => {
    const methods = [route.method].flat();
    // No route accepts OPTIONS; its handlers refuse the methods that an address does not accept.
    if (methods.includes('OPTIONS')) return;
    for (const one of methods) if (one !== 'HEAD') registered.set(`${one} ${route.url}`, route);
  });
  server.addHook('onRequest', async ({ method, routeOptions }, reply) => {
    reply.header(routeHeader, `${method} ${routeOptions.url ?? ''}`.trim());
  });
  server.addHook('onResponse', async ({ method, routeOptions }, { statusCode }) => {
    if (statusCode < 500) answered.add(`${method} ${routeOptions.url}`);
  });
  return { registered, answered };
}
