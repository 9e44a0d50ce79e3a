import { createTransport, type SendMailOptions, type SMTPTransportOptions } from 'nodemailer';
import type { Message, Notifier, RefusedMessage } from './notifier.ts';

export interface SmtpOptions {
  /** `smtp://` or `smtps://`, with the credentials in it; options of nodemailer's may follow as a query. */
  readonly url: string;
  readonly from: Sender;
  /** The longest that connecting, and any silence of the server after that, may take; the whole try may take three times that. */
  readonly patienceMs?: number;
}

export interface Sender {
  readonly name: string;
  readonly address: string;
}

const defaultPatienceMs = 10_000;

/** The adapter for a mail server. Each message has a connection of its own: a broken one costs one try, not a queue. */
export function createSmtpNotifier(options: SmtpOptions): Notifier {
  const patienceMs = options.patienceMs ?? defaultPatienceMs;
  const transport = createTransport(transportOptions(options.url, patienceMs));
  return {
    send: async (message) => {
      if (!isOneAddress(message.to)) return { refused: 'The address is not one that can be written to.' };
      const signal = AbortSignal.timeout(3 * patienceMs);
      try {
        await transport.sendMail({ ...mailOf(message, options.from), signal });
        return 'sent';
      } catch (error) {
        return refusalOf(error);
      }
    },
  };
}

function transportOptions(url: string, patienceMs: number): SMTPTransportOptions {
  return {
    url,
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    dnsTimeout: patienceMs,
    // A password never goes over the net unencrypted.
    requireTLS: needsTls(new URL(url)),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

const thisMachine = /^(localhost|127(\.\d+){3}|\[::1\])$/;

function needsTls({ username, password, hostname }: URL): boolean {
  return (username !== '' || password !== '') && !thisMachine.test(hostname);
}

/**
 * One address, and nothing that a header or the protocol could take for more than that. It was checked when the order came;
 * here it leaves the house.
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
    // So that no out-of-office note answers (RFC 3834).
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

/** What the server will never take is a value. What it says about the sender, or before that, is ours to mend, and no refusal. */
function refusalOf(thrown: unknown): RefusedMessage {
  const { message, code, command, permanent } = thrown as SmtpError;
  const said = withoutAddresses(message);
  if (permanent === true && (command === 'RCPT TO' || command === 'DATA')) return { refused: said };
  throw new Error(code === undefined ? said : `${code}: ${said}`);
}

/** Mail servers like to repeat the address; logs do not hold any. */
function withoutAddresses(text: string): string {
  return text.replaceAll(/[^\s<>"'(),;:]+@[^\s<>"'(),;:]+/g, '…').replaceAll(/\s+/g, ' ');
}
