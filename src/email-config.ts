import { z } from 'zod';

// One address, and a name without anything that a header could take for more than a name.
const sender = z
  .string()
  .regex(
    /^([^\p{C}<>"@,;:]* <[^<>]+>|[^<> ]+)$/u,
    'is an address, or a name with one: Holdfast <orders@shop.example>',
  )
  .transform((text) => {
    const [, name = '', address = text] = /^(.*) <(.+)>$/.exec(text) ?? [];
    return { name: name.trim(), address };
  })
  .refine(
    ({ address }) => /^[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+$/.test(address),
    'has no address that mail could come from',
  );

/** The settings of email that are no numbers, for the schema in config.ts. */
export const emailSettings = {
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, hostname: /./, error: 'is smtp:// or smtps:// and a host' })
    .optional(),
  EMAIL: z.enum(['on', 'off']).default('on'),
  EMAIL_FROM: sender.optional(),
};

type EmailEnvironment = z.infer<z.ZodObject<typeof emailSettings>> & {
  readonly EMAIL_RETRIES: number;
  readonly EMAIL_RETRY_SECONDS: number;
};

export interface EmailConfig {
  /** What becomes of messages: a mail server takes them, a demonstration keeps them to be read, or there are none. */
  readonly delivery: 'smtp' | 'outbox' | 'off';
  /** Set when the delivery is `smtp`; may hold credentials. */
  readonly smtpUrl: string | undefined;
  readonly from: { readonly name: string; readonly address: string };
  /** How often the sending of a message is tried again; the seconds before that double each time. */
  readonly retries: number;
  readonly retrySeconds: number;
}

/** What is missing in production, where a message is sent, or it is somebody's decision that there are none. */
export function emailFaults(given: Readonly<Partial<Record<keyof EmailEnvironment, string>>>): string[] {
  if (given.EMAIL === 'off') return [];
  return [
    ...(given.SMTP_URL === undefined ? ['SMTP_URL: is missing (EMAIL=off sends no messages)'] : []),
    ...(given.EMAIL_FROM === undefined ? ['EMAIL_FROM: is missing'] : []),
  ];
}

/** How messages are sent, from settings that are in order. */
export function emailConfig(env: EmailEnvironment): EmailConfig {
  const used = env.SMTP_URL === undefined ? 'outbox' : 'smtp';
  return Object.freeze({
    delivery: env.EMAIL === 'off' ? 'off' : used,
    smtpUrl: env.SMTP_URL,
    from: Object.freeze(env.EMAIL_FROM ?? { name: 'Holdfast', address: 'orders@localhost' }),
    retries: env.EMAIL_RETRIES,
    retrySeconds: env.EMAIL_RETRY_SECONDS,
  });
}
