import { fileURLToPath } from 'node:url';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHtmlEngine } from '../../shared/liquid.ts';
import { projectFolder } from '../../shared/program.ts';

/** The folder of the views and assets. */
export const publicFolder = fileURLToPath(new URL('public/stripe-simulator/', projectFolder));

const engine = createHtmlEngine(`${publicFolder}views`);

type View = 'payment' | 'bank' | 'message' | 'control' | 'control-session';

/** Answers with a page. */
export async function sendPage(reply: FastifyReply, view: View, model: object): Promise<FastifyReply> {
  return reply.type('text/html; charset=utf-8').send(await engine.renderFile(view, model));
}

interface Message {
  readonly title: string;
  readonly sentence: string;
  /** A link to the next page. */
  readonly way_on?: { readonly address: string; readonly label: string };
}

/** Answers with a page that shows one message. */
export function sendMessage(reply: FastifyReply, status: number, message: Message): Promise<FastifyReply> {
  return sendPage(reply.code(status), 'message', { way_on: null, ...message });
}

/** Whether the request comes from a form of a page, rather than from a program. */
export function isForm(request: FastifyRequest): boolean {
  return request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
}

/** Answers a request to the control panel that was done: a form returns to the panel, a program gets the object. */
export function sendDone(request: FastifyRequest, reply: FastifyReply, done: object): FastifyReply {
  return isForm(request) ? reply.redirect('/control', 303) : reply.send(done);
}
