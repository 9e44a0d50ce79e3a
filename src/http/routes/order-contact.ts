import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readOrderDetails } from '../../database/queries/order-details.ts';
import {
  type CorrectionOutcome,
  type ResendOutcome,
  type ReturnOutcome,
  readReturnReason,
} from '../../domain/contact.ts';
import {
  type ContactOutcome,
  type ContactSource,
  contactOutcomeNames,
  contactView,
  emailFaultOf,
} from '../../storefront/contact-view.ts';
import { returnReasonFault } from '../../storefront/words.ts';
import { contactLimit } from '../limits.ts';
import type { PageServices } from '../pages.ts';
import { orderToken, typedBuyerDetails } from '../schemas.ts';
import { unknownOrder } from './order-page.ts';

export interface OrderContactOptions extends PageServices {
  readonly correctEmail: (order: { token: string; email: string }) => Promise<CorrectionOutcome>;
  readonly resendLastEmail: (token: string) => Promise<ResendOutcome>;
  readonly requestReturn: (request: { token: string; reason: string }) => Promise<ReturnOutcome>;
  /** False where no messages are sent. */
  readonly sendsEmail: boolean;
}

const params = z.object({ token: orderToken });
// With any other value in the address, the page comes without a message.
const querystring = z.object({ done: z.enum(contactOutcomeNames).optional().catch(undefined) });

const form = z.object({
  act: z.enum(['correct', 'resend', 'ask']),
  ...typedBuyerDetails,
  reason: z.string().default(''),
});

type Form = z.infer<typeof form>;

/**
 * `/orders/:token/contact`: the e-mail address of an order, its last message, and the buyer's request to cancel or to return it. A page of
 * its own, because that of the order reloads itself while somebody types.
 */
export const orderContactRoutes: FastifyPluginAsyncZod<OrderContactOptions> = async (server, options) => {
  const address = '/orders/:token/contact';
  server.get(address, { schema: { params, querystring } }, async (request, reply) =>
    show(reply, options, request.params.token, { outcome: request.query.done ?? null }),
  );

  server.post(address, { schema: { params, body: form }, config: contactLimit }, async (request, reply) => {
    const { token } = request.params;
    const fault = faultOf(request.body);
    if (fault) return show(reply.code(400), options, token, { fault, typed: request.body });
    const outcome = await act(options, token, request.body);
    if (outcome === 'unknown') throw unknownOrder();
    return reply.redirect(`/orders/${token}/contact?done=${outcome}`, 303);
  });
};

function faultOf({ act: asked, email, reason }: Form): ContactSource['fault'] {
  if (asked === 'correct') {
    const text = emailFaultOf(email);
    return text === null ? null : { field: 'email', text };
  }
  if (asked === 'ask' && readReturnReason(reason) === null)
    return { field: 'reason', text: returnReasonFault };
  return null;
}

async function act(
  options: OrderContactOptions,
  token: string,
  { act: asked, email, reason }: Form,
): Promise<ContactOutcome | 'unknown'> {
  if (asked === 'ask') {
    const outcome = await options.requestReturn({ token, reason: readReturnReason(reason) ?? '' });
    return outcome === 'too_often' ? 'asked_too_often' : outcome;
  }
  if (!options.sendsEmail) return 'not_now';
  if (asked === 'correct') {
    const outcome = await options.correctEmail({ token, email });
    return outcome === 'too_often' ? 'corrected_too_often' : outcome;
  }
  const outcome = await options.resendLastEmail(token);
  return outcome === 'too_often' ? 'resent_too_often' : outcome;
}

async function show(
  reply: FastifyReply,
  { database, pages, sendsEmail }: OrderContactOptions,
  token: string,
  shown: Partial<ContactSource>,
): Promise<FastifyReply> {
  const details = await readOrderDetails(database, { token });
  if (!details) throw unknownOrder();
  const nothing = { outcome: null, fault: null, typed: { email: '', reason: '' } };
  const contact = contactView({ ...nothing, ...shown, details, sendsEmail }, new Date());
  return pages.send(reply, 'contact', { contact });
}
