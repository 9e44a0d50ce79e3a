import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/**
 * The fault that is injected into one attempt. Refused are: `busy`, the recipient for now; `unknown`, the recipient for
 * good; `spam`, the message; `stranger`, the sender. `silent`: not even a greeting. `gone`: the connection breaks at once.
 * `drop`: the connection breaks after the message was accepted, before the answer.
 */
export type SmtpFault = 'none' | 'busy' | 'unknown' | 'spam' | 'stranger' | 'silent' | 'gone' | 'drop';

/** A message as it came over the wire. */
export interface ReceivedMail {
  readonly recipients: readonly string[];
  /** The header lines, unfolded. */
  readonly headers: readonly string[];
  /** All of it, with the encoding of its parts undone. */
  readonly text: string;
}

/** A mail server that keeps the messages it accepts and fails as a test injects. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  /** Faults of the next attempts, in order; `otherwise` applies after the last. */
  next: SmtpFault[] = [];
  otherwise: SmtpFault = 'none';
  tries = 0;

  private readonly faults = new Map<string, SmtpFault>();
  private readonly sockets = new Set<Socket>();
  private readonly server: SMTPServer;

  constructor(options: SMTPServerOptions = {}) {
    this.server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      authOptional: true,
      disableReverseLookup: true,
      closeTimeout: 1,
      onConnect: (session, done) => {
        this.tries += 1;
        const fault = this.next.shift() ?? this.otherwise;
        this.faults.set(session.id, fault);
        if (fault === 'gone') this.breakConnections();
        else if (fault !== 'silent') done();
      },
      onMailFrom: (_address, session, done) =>
        done(this.is(session.id, 'stranger') ? answer(550, 'sender rejected') : null),
      onRcptTo: ({ address }, session, done) => {
        if (this.is(session.id, 'busy')) done(answer(451, `<${address}> is busy`));
        else if (this.is(session.id, 'unknown')) done(answer(550, `no such mailbox: ${address}`));
        else done();
      },
      onData: (stream, session, done) => {
        const take = (raw: string): void => {
          if (this.is(session.id, 'spam')) return done(answer(554, 'looks like spam'));
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          this.received.push(readMail(raw, recipients));
          if (this.is(session.id, 'drop')) this.breakConnections();
          else done();
        };
        // A message that breaks off was not received.
        text(stream).then(take, () => undefined);
      },
      ...options,
    });
    // Tests break connections on purpose.
    this.server.on('error', () => undefined);
    this.server.server.on('connection', (socket: Socket) => this.sockets.add(socket));
  }

  /** Listens on a free port. @returns its address as a setting */
  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server.server, 'listening');
    return `smtp://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  /** Clears messages, faults and attempts for the next test. */
  reset(): void {
    this.received.length = 0;
    this.next = [];
    this.otherwise = 'none';
    this.tries = 0;
  }

  /** The messages with this Message-ID, repetitions included. */
  withId(messageId: string): ReceivedMail[] {
    return this.received.filter(({ headers }) => headers.includes(`Message-ID: ${messageId}`));
  }

  async close(): Promise<void> {
    this.breakConnections();
    await new Promise<void>((resolve) => this.server.close(resolve));
  }

  private is(sessionId: string, fault: SmtpFault): boolean {
    return this.faults.get(sessionId) === fault;
  }

  private breakConnections(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }
}

function answer(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

function readMail(raw: string, recipients: string[]): ReceivedMail {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n'));
  const plain = raw
    .replaceAll('=\r\n', '')
    .replaceAll(/(?:=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString());
  return { recipients, headers: head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n'), text: plain };
}
