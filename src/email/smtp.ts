import { createTransport, type SendMailOptions, type SMTPTransportOptions } from 'nodemailer';
import { withoutAddresses } from '../shared/address.ts';
import { isLoopback } from '../shared/same-site.ts';
import type { Mailer, Message, RefusedMessage } from './mailer.ts';

export interface SmtpOptions {
  /** `smtp://` or `smtps://`, with credentials; the query may hold options of nodemailer. */
  readonly url: string;
  readonly from: Sender;
  /** Time limit of connecting, and of each silence of the server; the whole attempt may take three times that. */
  readonly timeoutMs?: number;
}

export interface Sender {
  readonly name: string;
  readonly address: string;
}

const defaultTimeoutMs = 10_000;

/** The adapter for a mail server. Each message has its own connection, so a broken one costs one attempt, not a queue. */
export function createSmtpMailer(options: SmtpOptions): Mailer {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const transport = createTransport(transportOptions(options.url, timeoutMs));
  return {
    send: async (message) => {
      if (!isOneAddress(message.to)) return { refused: 'The address is invalid.' };
      const signal = AbortSignal.timeout(3 * timeoutMs);
      try {
        await transport.sendMail({ ...mailOf(message, options.from), signal });
        return 'sent';
      } catch (error) {
        return refusalOf(error);
      }
    },
  };
}

function transportOptions(url: string, timeoutMs: number): SMTPTransportOptions {
  return {
    url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    // A password is never sent over the network unencrypted.
    requireTLS: needsTls(new URL(url)),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function needsTls({ username, password, hostname }: URL): boolean {
  return (username !== '' || password !== '') && !isLoopback(hostname);
}

/**
 * Whether a text is one address, without characters that have a meaning in a header or in the protocol. The address was
 * checked when the order arrived, and is checked again where it could do harm.
 */
function isOneAddress(address: string): boolean {
  return /^[^\s\p{C},;:<>()[\]"\\@]+@[^\s\p{C},;:<>()[\]"\\@]+$/u.test(address);
}

function mailOf(message: Message, from: Sender): SendMailOptions {
  return {
    messageId: message.messageId,
    from: { ...from },
    to: { name: '', address: message.to },
    envelope: { from: from.address, to: [message.to] },
    subject: message.subject,
    text: message.text,
    html: message.html,
    // Prevents out-of-office replies (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

interface SmtpError {
  readonly message: string;
  readonly code?: string;
  readonly command?: string;
  readonly permanent?: boolean;
}

/**
 * Returns a permanent rejection of the recipient or the content. Throws for all other errors: a later attempt may succeed,
 * or an operator has to correct the settings.
 */
function refusalOf(thrown: unknown): RefusedMessage {
  const { message, code, command, permanent } = thrown as SmtpError;
  const text = withoutAddresses(message).replaceAll(/\s+/g, ' ');
  if (permanent === true && (command === 'RCPT TO' || command === 'DATA')) return { refused: text };
  throw new Error(code === undefined ? text : `${code}: ${text}`);
}
