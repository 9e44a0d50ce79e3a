import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Database } from '../database/connection.ts';
import { type Demonstration, type LayoutView, layoutView } from '../storefront/layout-view.ts';
import type { Renderer } from '../storefront/render.ts';
import type { Browsers } from './browsers.ts';

/** Renders a view with its model in the common layout, and sends it. */
export interface Pages {
  send(reply: FastifyReply, view: string, model: object): Promise<FastifyReply>;
  /** Sends a part of a page, which a script puts into the page. */
  sendPart(reply: FastifyReply, view: string, model: object): Promise<FastifyReply>;
  /** Renders a page without any query, for the time when the database is away. */
  renderAlone(view: string, model: object): Promise<string>;
}

/** The services that the routes of pages share. */
export interface PageServices {
  readonly database: Database;
  readonly pages: Pages;
  readonly browsers: Browsers;
}

interface PagesOptions {
  readonly renderer: Renderer;
  readonly browsers: Browsers;
  /** The number of units in the cart of a browser. */
  readonly countCart: (browserId: string) => Promise<number>;
  readonly demonstration: Demonstration | null;
}

/** Makes the functions that answer with pages, each in the layout of the shop with the cart of its browser. */
export function createPages({ renderer, browsers, countCart, demonstration }: PagesOptions): Pages {
  const layoutOf = (units: number | null, here = ''): LayoutView =>
    layoutView({ units, here, formKey: randomUUID(), demonstration });
  return {
    send: async (reply, view, model) => {
      const { request } = reply;
      const browserId = browsers.seen(request, reply);
      const units = browserId === null ? 0 : await countCart(browserId);
      const layout = layoutOf(units, request.routeOptions.url);
      return sendHtml(reply, await renderer.render(view, { ...model, layout }));
    },
    sendPart: async (reply, view, model) => sendHtml(reply, await renderer.render(view, model)),
    renderAlone: (view, model) => renderer.render(view, { ...model, layout: layoutOf(null) }),
  };
}

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return sendText(reply, 'text/html', html);
}

/** Sends a text as it is, without the serializer of the route, which is for JSON. */
export function sendText(
  reply: FastifyReply,
  type: 'text/html' | 'text/plain' | 'application/xml' | 'application/manifest+json',
  text: string,
): FastifyReply {
  return reply.type(`${type}; charset=utf-8`).serializer(String).send(text);
}

/** Whether the client is a browser that asks for a page. Programs get JSON unless they ask for HTML. */
export function wantsPage(request: FastifyRequest): boolean {
  return (
    request.headers.accept?.includes('text/html') === true &&
    request.accepts().type(['json', 'html']) === 'html'
  );
}
