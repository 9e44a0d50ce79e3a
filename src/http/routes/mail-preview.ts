import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { findKeptEmail, type KeptEmail, listKeptEmails } from '../../database/queries/emails.ts';
import { ShopError } from '../../domain/errors.ts';
import { messageIdOf } from '../../email/mailer.ts';
import { outboxView } from '../../storefront/email-view.ts';
import { type PageServices, sendText, wantsPage } from '../pages.ts';
import { operation, problems, response, serial, timestamp } from '../schemas.ts';

export interface MailPreviewOptions extends PageServices {
  /** Origin under which shoppers reach the shop; the Message-IDs are made of it. */
  readonly publicUrl: string;
}

const message = z
  .object({
    email_id: z.int(),
    order_id: z.int(),
    kind: z.string(),
    to: z.string(),
    subject: z.string(),
    message_id: z.string(),
    text: z.string(),
    html: z.string(),
    sent_at: timestamp,
  })
  .meta({ id: 'Email', description: 'A message to a buyer' });

// A message is shown as in a mail program: no script, no remote content, and only inside the shop's own page.
const messagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox";

/**
 * `GET /outbox`: the messages that a demonstration keeps instead of sending them. They contain personal data, so these routes
 * are for operators. A shop that sends its messages does not register them.
 */
export const mailPreviewRoutes: FastifyPluginAsyncZod<MailPreviewOptions> = async (server, options) => {
  const { database, pages, publicUrl } = options;
  server.get(
    '/outbox',
    operation(
      'demonstration',
      'listEmails',
      'List the messages to buyers, which a demonstration keeps instead of sending them',
      {
        response: {
          200: {
            description: 'The newest first; a page for browsers that ask for one',
            content: {
              'application/json': { schema: z.array(message) },
              'text/html': { schema: z.string() },
            },
          },
        },
      },
    ),
    async (request, reply) => {
      const kept = await listKeptEmails(database);
      const emails = kept.map((email) => ({ ...email, messageId: messageIdOf(email, publicUrl) }));
      reply.header('vary', 'accept');
      if (!wantsPage(request)) return emails.map(shown);
      return pages.send(reply, 'outbox', { outbox: outboxView(emails) });
    },
  );

  server.get(
    '/outbox/:email_id',
    operation('demonstration', 'getEmailHtml', 'Show the HTML part of one message', {
      params: z.object({ email_id: serial }),
      response: {
        200: response('The HTML part', z.string(), 'text/html'),
        ...problems('invalid_input', 'not_found'),
      },
    }),
    async (request, reply) => {
      const email = await findKeptEmail(database, request.params.email_id);
      if (!email) throw new ShopError('not_found', 'There is no such message.');
      reply.header('content-security-policy', messagePolicy);
      return sendText(reply, 'text/html', email.htmlBody);
    },
  );
};

function shown(email: KeptEmail & { readonly messageId: string }): z.infer<typeof message> {
  return {
    email_id: email.emailId,
    order_id: email.orderId,
    kind: email.kind,
    to: email.to,
    subject: email.subject,
    message_id: email.messageId,
    text: email.textBody,
    html: email.htmlBody,
    sent_at: email.sentAt.toISOString(),
  };
}
