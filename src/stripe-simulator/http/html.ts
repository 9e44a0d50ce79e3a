import type { FastifyReply } from 'fastify';
import { render } from '../render.ts';

interface Message {
  readonly title: string;
  readonly sentence: string;
  /** Where the reader goes from here. */
  readonly way_on?: { readonly address: string; readonly label: string };
}

/** Answers with a page that says one thing. */
export async function sendMessage(
  reply: FastifyReply,
  status: number,
  message: Message,
): Promise<FastifyReply> {
  return sendHtml(reply.code(status), await render('message', { way_on: null, ...message }));
}

/** Answers with a page. */
export function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(html);
}
