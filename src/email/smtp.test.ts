import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MailServer, type SmtpFault } from '../../test/support/mail-server.ts';
import type { Message } from './mailer.ts';
import { createSmtpMailer } from './smtp.ts';

// The adapter against a real server on a real socket: the message that arrives, and the result for every answer.

const from = { name: 'Holdfast', address: 'orders@shop.example' };
// For tests that wait until it has passed.
const timeoutMs = 300;
const message: Message = {
  messageId: '<email-7-order_confirmed@shop.example>',
  to: 'ada@reader.example',
  subject: 'Order 7 is confirmed',
  text: 'Two cleats × 9.99\n',
  html: '<p>Two cleats × 9.99</p>',
};

let mail: MailServer;
let url: string;

beforeAll(async () => {
  mail = new MailServer();
  url = await mail.start();
});

afterAll(() => mail.close());
beforeEach(() => mail.reset());

function send(changes: Partial<Message> = {}) {
  return createSmtpMailer({ url, from }).send({ ...message, ...changes });
}

test('a message arrives with its id, its sender, its one recipient and both its parts', async () => {
  expect(await send()).toBe('sent');
  const [received] = mail.received;
  expect(received?.recipients).toEqual(['ada@reader.example']);
  expect(received?.headers).toEqual(
    expect.arrayContaining([
      'From: Holdfast <orders@shop.example>',
      'To: ada@reader.example',
      'Subject: Order 7 is confirmed',
      'Message-ID: <email-7-order_confirmed@shop.example>',
      'Auto-Submitted: auto-generated',
    ]),
  );
  expect(received?.text).toContain('Content-Type: text/plain');
  expect(received?.text).toContain('Content-Type: text/html');
  expect(received?.text).toContain('<p>Two cleats × 9.99</p>');
});

test('an encoded domain needs nothing of the server; a server that knows ASCII names alone refuses others', async () => {
  const old = new MailServer({
    hideSMTPUTF8: true,
    onRcptTo: ({ address }, session, done) => {
      const isAscii = /^[\x20-\x7e]+@/.test(address) || session.envelope.smtpUtf8 === true;
      done(isAscii ? null : Object.assign(new Error('5.1.3 bad address syntax'), { responseCode: 553 }));
    },
  });
  const mailer = createSmtpMailer({ url: await old.start(), from });
  expect(await mailer.send({ ...message, to: 'info@bücher.example' })).toBe('sent');
  expect(old.received[0]?.headers).toContain('To: info@xn--bcher-kva.example');
  expect(await mailer.send({ ...message, to: 'jörg@example.com' })).toEqual({
    refused: expect.stringContaining('bad address syntax'),
  });
  await old.close();
  expect(await send({ to: 'jörg@bücher.example' })).toBe('sent');
  expect(mail.received[0]?.recipients).toEqual(['jörg@bücher.example']);
});

describe('an answer that leaves the outcome open is thrown, without the address', () => {
  test.each<[SmtpFault, string]>([
    ['busy', 'EENVELOPE'],
    ['stranger', 'EENVELOPE'],
    ['gone', 'ECONNECTION'],
    ['drop', 'ECONNECTION'],
  ])('%s: %s', async (fault, code) => {
    mail.otherwise = fault;
    const error = await send().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toContain(code);
    expect(String((error as Error).stack)).not.toContain('@reader.example');
  });

  test('silent: ETIMEDOUT', async () => {
    mail.otherwise = 'silent';
    await expect(createSmtpMailer({ url, from, timeoutMs }).send(message)).rejects.toThrow('ETIMEDOUT');
  });

  test('no server', async () => {
    const nobody = await listen(() => undefined);
    nobody.server.close();
    await once(nobody.server, 'close');
    await expect(createSmtpMailer({ url: nobody.url, from }).send(message)).rejects.toThrow('ECONNREFUSED');
  });

  test('a server that never completes its greeting is given up', async () => {
    const drip = await listen((socket) => {
      socket.write('220 mail.example\r\n');
      const timer = setInterval(() => socket.write('250-and\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
      socket.on('error', () => socket.destroy());
    });
    // On a busy machine the limit of the greeting's first line may be reached before that of the whole attempt.
    await expect(createSmtpMailer({ url: drip.url, from, timeoutMs: 1_000 }).send(message)).rejects.toThrow(
      /EABORT|ETIMEDOUT/,
    );
    drip.server.close();
  });
});

describe('a permanent rejection is returned, without the address', () => {
  test.each<[SmtpFault, RegExp]>([
    ['unknown', /550 no such mailbox: …$/],
    ['spam', /554 looks like spam$/],
  ])('%s', async (fault, reason) => {
    mail.otherwise = fault;
    expect(await send()).toEqual({ refused: expect.stringMatching(reason) });
  });
});

test('a message whose answer was lost arrives again under the same id', async () => {
  mail.next = ['drop'];
  await expect(send()).rejects.toThrow('ECONNECTION');
  expect(await send()).toBe('sent');
  expect(mail.withId(message.messageId)).toHaveLength(2);
});

describe('no content of a message can add a recipient, a header or a file', () => {
  test.each([
    'ada@reader.example, eve@evil.example',
    'ada@reader.example\r\nBcc: eve@evil.example',
    'ada@reader.example\nRCPT TO:<eve@evil.example>',
    'Ada <ada@reader.example>',
    'group:ada@reader.example;',
    'ada@reader.example>\r\nDATA',
    '"ada@evil.example"@reader.example',
    'ada@evil.example@reader.example',
    'ada\u2028@reader.example',
    'ada',
    '',
  ])('%j is rejected as an address', async (to) => {
    expect(await send({ to })).toMatchObject({ refused: expect.any(String) });
    expect(mail.tries).toBe(0);
  });

  test('a subject, a name or an id with line breaks stays one header', async () => {
    const evil = 'x\r\nBcc: eve@evil.example\r\n\r\nHello';
    const mailer = createSmtpMailer({ url, from: { ...from, name: evil } });
    await mailer.send({ ...message, subject: evil, messageId: `<${evil}@shop.example>` });
    const [received] = mail.received;
    expect(received?.recipients).toEqual(['ada@reader.example']);
    expect(received?.headers.filter((line) => /^(bcc|hello)/i.test(line))).toEqual([]);
  });

  test('a part that names a file or a URL is not fetched', async () => {
    for (const part of [{ path: import.meta.filename }, { href: 'http://127.0.0.1/' }]) {
      await expect(send({ html: part as unknown as string })).rejects.toThrow(/(File|Url) access rejected/);
    }
    expect(mail.received).toEqual([]);
  });
});

describe('credentials', () => {
  let login: MailServer;
  const seen: string[] = [];

  beforeAll(async () => {
    login = new MailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        seen.push(`${username} ${password}`);
        if (password === 'p@ss:word/') done(null, { user: username });
        else done(new Error('Wrong password'));
      },
    });
    await login.start();
  });

  afterAll(() => login.close());
  beforeEach(() => seen.splice(0));

  const to = (host: string, password: string) =>
    createSmtpMailer({
      url: `smtp://ada%40shop.example:${encodeURIComponent(password)}@${host}:${login.port}`,
      from,
    });

  test('are read from the URL, percent-encoded', async () => {
    expect(await to('127.0.0.1', 'p@ss:word/').send(message)).toBe('sent');
    expect(seen).toEqual(['ada@shop.example p@ss:word/']);
  });

  test('that are wrong are thrown, without the password', async () => {
    const error = await to('127.0.0.1', 'hush-hush').send(message).catch(String);
    expect(error).toContain('EAUTH');
    expect(error).not.toContain('hush');
  });

  test('do not leave this machine unencrypted', async () => {
    // An address of this machine that does not look like one.
    await expect(to('0.0.0.0', 'p@ss:word/').send(message)).rejects.toThrow(/ETLS|STARTTLS/);
    expect(seen).toEqual([]);
  });
});

async function listen(serve: (socket: Socket) => void): Promise<{ server: Server; url: string }> {
  const server = createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
