import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { findKeptEmail, type KeptEmail, listKeptEmails } from '../../database/queries/emails.ts';
import { ShopError } from '../../domain/errors.ts';
import { messageIdOf } from '../../email/mailer.ts';
import { outboxView } from '../../storefront/outbox-view.ts';
import { admitOperators } from '../operators.ts';
import type { Pages } from '../pages.ts';
import { problem, orderId as serial } from '../schemas.ts';
import { wantsPage } from '../server.ts';

export interface OutboxOptions {
  readonly operatorToken: string | undefined;
  readonly database: Database;
  readonly pages: Pages;
  /** Origin under which shoppers reach the shop; the Message-IDs are made of it. */
  readonly publicUrl: string;
}

const message = z.object({
  email_id: z.int(),
  order_id: z.int(),
  kind: z.string(),
  to: z.string(),
  subject: z.string(),
  message_id: z.string(),
  text: z.string(),
  html: z.string(),
  sent_at: z.iso.datetime(),
});

// A message is shown as a mail program would: no script, nothing fetched, and only inside our own page.
const messagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox";

/**
 * `GET /outbox`: the messages that a demonstration keeps instead of sending them. They hold personal data, so these routes are for
 * operators, and a shop that sends its messages does not register them.
 */
export const outboxRoutes: FastifyPluginAsyncZod<OutboxOptions> = async (server, options) => {
  const { database, pages, publicUrl } = options;
  await admitOperators(server, options.operatorToken);

  server.get(
    '/outbox',
    {
      schema: {
        tags: ['demonstration'],
        summary: 'The messages to buyers, which a demonstration keeps instead of sending them',
        response: { 200: z.array(message) },
      },
    },
    async (request, reply) => {
      const emails = await listKeptEmails(database);
      const messages = emails.map((email) => ({ ...shown(email, publicUrl), token: email.token }));
      reply.header('cache-control', 'no-store').header('vary', 'accept');
      if (!wantsPage(request)) return messages;
      return pages.send(reply, 'outbox', { outbox: outboxView(messages) });
    },
  );

  server.get(
    '/outbox/:email_id',
    {
      schema: {
        tags: ['demonstration'],
        summary: 'The HTML part of one message',
        params: z.object({ email_id: serial }),
        response: { 200: z.string().describe('HTML'), 400: problem, 404: problem },
      },
    },
    async (request, reply) => {
      const email = await findKeptEmail(database, request.params.email_id);
      if (!email) throw new ShopError('not_found', 'There is no such message.');
      reply.header('cache-control', 'no-store').header('content-security-policy', messagePolicy);
      return sendHtml(reply, email.htmlBody);
    },
  );
};

function shown(email: KeptEmail, publicUrl: string): z.infer<typeof message> {
  const { orderId, kind, refundId } = email;
  return {
    email_id: Number(email.emailId),
    order_id: orderId,
    kind,
    to: email.to,
    subject: email.subject,
    message_id: messageIdOf({ orderId, kind, refundId }, publicUrl),
    text: email.textBody,
    html: email.htmlBody,
    sent_at: email.sentAt.toISOString(),
  };
}

function sendHtml(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').serializer(String).send(html);
}
