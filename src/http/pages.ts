import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type Demonstration, type FrameView, frameView } from '../storefront/frame-view.ts';
import type { Renderer } from '../storefront/render.ts';
import type { Browsers } from './browsers.ts';

/** Sends pages: a view with its model, in the frame that all pages have. */
export interface Pages {
  send(reply: FastifyReply, view: string, model: object): Promise<FastifyReply>;
  /** A part of a page, which a script puts in its place. */
  sendPart(reply: FastifyReply, view: string, model: object): Promise<FastifyReply>;
  /** A page that asks the database for nothing, as it must when there is none. */
  renderAlone(view: string, model: object): Promise<string>;
}

export interface PagesOptions {
  readonly renderer: Renderer;
  readonly browsers: Browsers;
  /** How many units are in the cart of a browser. */
  readonly countCart: (browserId: string) => Promise<number>;
  readonly demonstration: Demonstration | null;
}

export function createPages({ renderer, browsers, countCart, demonstration }: PagesOptions): Pages {
  const frameOf = (units: number | null, here = ''): FrameView =>
    frameView({ units, here, formKey: randomUUID(), demonstration });
  return {
    send: async (reply, view, model) => {
      const { request } = reply;
      const browserId = browsers.seen(request, reply);
      const units = browserId === null ? 0 : await countCart(browserId);
      const frame = frameOf(units, request.routeOptions.url);
      return sendHtml(reply, await renderer.render(view, { ...model, frame }));
    },
    sendPart: async (reply, view, model) => sendHtml(reply, await renderer.render(view, model)),
    renderAlone: (view, model) => renderer.render(view, { ...model, frame: frameOf(null) }),
  };
}

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .serializer(String)
    .send(html);
}
