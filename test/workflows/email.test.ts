import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect, type Database } from '../../src/database/connection.ts';
import { enqueueWorkflow } from '../../src/database/outbox.ts';
import type { EmailDelivery } from '../../src/database/queries/emails.ts';
import type { AttentionRow, EmailKind, EmailRow } from '../../src/database/tables.ts';
import { limitTimeBetweenRetries } from '../../src/database/transaction.ts';
import { planEmail } from '../../src/database/transactions/emails.ts';
import { resolveAttentionItem } from '../../src/database/transactions/resolve-attention-item.ts';
import { applicationName } from '../../src/database/workflow-ids.ts';
import { createSmtpMailer } from '../../src/email/smtp.ts';
import { inTransaction } from '../../src/shared/statement.ts';
import { emailComposer } from '../../src/storefront/email-view.ts';
import { createRenderer } from '../../src/storefront/render.ts';
import { type EmailSettings, registerEmail } from '../../src/workflows/email.ts';
import { openQueues } from '../../src/workflows/engine.ts';
import { MailServer } from '../support/mail-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { aShop } from '../support/storefront-samples.ts';
import { waitFor } from '../support/wait.ts';

// One message per order and kind, whatever the mail server does: the real engine, Postgres and SMTP.

const publicUrl = 'https://shop.example';
const reader = 'ada@reader.example';
const from = { name: 'Holdfast', address: 'orders@shop.example' };
const retries = 3;

let testDatabase: TestDatabase;
let database: Database;
let mail: MailServer;
let mailUrl: string;
let settings: { -readonly [Name in keyof EmailSettings]: EmailSettings[Name] };
const logged: string[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = connect(testDatabase.url, 4);
  mail = new MailServer();
  mailUrl = await mail.start();
  limitTimeBetweenRetries();
  settings = {
    delivery: 'smtp',
    mailer: undefined,
    compose: emailComposer(createRenderer({ assetAddress: (file) => file, shop: aShop() }), publicUrl),
    publicUrl,
    retries,
    retrySeconds: 0.01,
  };
  await launch();
});

afterAll(async () => {
  await end();
  await mail.close();
  await database.destroy();
  await testDatabase.drop();
});

beforeEach(() => {
  mail.reset();
  settings.delivery = 'smtp';
  settings.mailer = createSmtpMailer({ url: mailUrl, from });
});

afterEach(() => {
  expect(logged.splice(0).filter((line) => line.includes('@reader.example'))).toEqual([]);
});

async function launch(): Promise<void> {
  const log = (entry: unknown) => logged.push(entry instanceof Error ? String(entry.stack) : String(entry));
  registerEmail(settings);
  DBOS.setConfig({
    name: applicationName,
    systemDatabaseUrl: testDatabase.url,
    executorID: 'test',
    enablePatching: true,
    runMigrations: false,
    logger: { debug: log, info: log, warn: log, error: log },
  });
  await DBOS.launch();
  await openQueues();
}

async function end(): Promise<void> {
  await DBOS.shutdown({ deregister: true });
}

/** From now on a silent server is given up soon. */
function beImpatient(): void {
  settings.mailer = createSmtpMailer({ url: mailUrl, from, timeoutMs: 300 });
}

let orders = 0;

/** A paid order, with these changes. */
async function anOrder(changes: Record<string, unknown> = {}): Promise<number> {
  orders += 1;
  const [order] = await database('orders')
    .insert({
      checkout_key: `email-${orders}`,
      request_hash: '0'.repeat(64),
      token: `a-token-that-nobody-guesses-${orders}`,
      request_id: 'request',
      status: 'paid',
      email: reader,
      subtotal_cents: 19_998,
      total_cents: 19_998,
      currency: 'USD',
      hold_expires_at: new Date(),
      paid_at: new Date(),
      dispatch_due_at: new Date(),
      ...changes,
    })
    .returning<{ orderId: number }[]>('order_id');
  const orderId = order!.orderId;
  await database('order_lines').insert({
    order_id: orderId,
    product_id: 1,
    quantity: 2,
    unit_price_cents: 9_999,
  });
  await database('payments').insert({
    order_id: orderId,
    state: 'settled',
    amount_cents: 19_998,
    currency: 'USD',
    transaction_id: `pi_${orderId}`,
  });
  return orderId;
}

/** A refund that was made of an order's payment. */
async function aRefund(orderId: number, amountCents: number, note: string): Promise<number> {
  const [refund] = await database('refunds')
    .insert({
      order_id: orderId,
      amount_cents: amountCents,
      reason: 'operator',
      note,
      actor: 'operator',
      request_key: `${orderId}-${amountCents}`,
      state: 'made',
      made_at: new Date(),
    })
    .returning<{ refundId: number }[]>('refund_id');
  return refund!.refundId;
}

function plan(orderId: number, kind: EmailKind = 'order_confirmed', refundId?: number): Promise<void> {
  return inTransaction(database, (sql) =>
    planEmail(sql, { orderId, kind, ...(refundId !== undefined && { refundId }) }),
  );
}

function emailsOf(orderId: number): Promise<EmailRow[]> {
  return database('emails').where({ order_id: orderId }).orderBy('email_id').select<EmailRow[]>('*');
}

async function onlyEmailOf(orderId: number): Promise<EmailRow> {
  const emails = await emailsOf(orderId);
  expect(emails).toHaveLength(1);
  return emails[0]!;
}

function isSent(orderId: number): Promise<EmailRow> {
  return waitFor(
    'the email to be sent',
    () => onlyEmailOf(orderId),
    ({ sentAt }) => sentAt !== null,
  );
}

function attentionItems(orderId: number): Promise<AttentionRow[]> {
  return database('attention')
    .where({ order_id: orderId })
    .orderBy('attention_id')
    .select<AttentionRow[]>('*');
}

function attentionItemOf(orderId: number): Promise<AttentionRow> {
  return waitFor(
    'the email to need a person',
    async () => (await attentionItems(orderId)).find(({ resolvedAt }) => resolvedAt === null)!,
    (item) => item !== undefined,
  );
}

/** An operator's action on a failed email. */
function tryAgain({ attentionId }: AttentionRow): Promise<string> {
  return inTransaction(database, (sql) => resolveAttentionItem(sql, { attentionId, resolution: null }));
}

const idOf = (orderId: number, kind = 'order_confirmed') => `<email-${orderId}-${kind}@shop.example>`;

describe('a planned message', () => {
  test('is sent once, however often it is planned, and its content is not kept', async () => {
    const order = await anOrder();
    await Promise.all([plan(order), plan(order), plan(order)]);
    await plan(order);
    expect(await isSent(order)).toMatchObject({ kind: 'order_confirmed', subject: null, htmlBody: null });
    const [received] = mail.withId(idOf(order));
    expect(received?.recipients).toEqual([reader]);
    expect(received?.text).toContain(`${publicUrl}/orders/a-token-that-nobody-guesses-`);
    expect(mail.tries).toBe(1);
    expect(await attentionItems(order)).toEqual([]);
  });

  test('is none for a buyer who gave no address, and none when its transaction fails', async () => {
    const [silent, failed] = [await anOrder({ email: null }), await anOrder()];
    await plan(silent);
    await expect(
      inTransaction(database, async (sql) => {
        await planEmail(sql, { orderId: failed, kind: 'order_confirmed' });
        throw new Error('something else failed');
      }),
    ).rejects.toThrow('something else');
    expect([...(await emailsOf(silent)), ...(await emailsOf(failed))]).toEqual([]);
  });

  test('is one for each refund, with its amount and its reason', async () => {
    const order = await anOrder();
    for (const [cents, amount, reason] of [
      [1_000, '$10.00', 'a scratch'],
      [500, '$5.00', 'another scratch'],
    ] as const) {
      const refund = await aRefund(order, cents, reason);
      await plan(order, 'refund_made', refund);
      await plan(order, 'refund_made', refund);
      const [received] = await waitFor(
        'the refund email',
        () => mail.withId(idOf(order, `refund_made-${refund}`)),
        (mails) => mails.length > 0,
      );
      expect(received?.text).toContain(reason);
      expect(received?.headers).toContain(`Subject: ${amount} paid back for order ${order}`);
    }
    expect(mail.received).toHaveLength(2);
  });
});

describe('a mail server', () => {
  test('that is busy, gone or unfriendly is asked again until it takes the message', async () => {
    mail.next = ['busy', 'gone', 'stranger'];
    const order = await anOrder();
    await plan(order);
    await isSent(order);
    expect(mail.tries).toBe(4);
    expect(mail.withId(idOf(order))).toHaveLength(1);
  });

  test('that stays busy is tried as often as configured; then an operator retries the attention item', async () => {
    mail.otherwise = 'busy';
    const order = await anOrder();
    await plan(order);
    const item = await attentionItemOf(order);
    const { emailId } = await onlyEmailOf(order);
    expect(item).toMatchObject({ kind: 'email_failed', subject: String(emailId), orderId: order });
    expect(item).toMatchObject({ reason: 'email_not_sent', detail: { attempts: 4 } });
    expect(item.detail['error']).toMatch(/451 <…> is busy/);
    expect(mail.tries).toBe(1 + retries);

    // Tried in vain it comes back to the list, and once it is sent it stays away.
    expect(await tryAgain(item)).toBe('done');
    const second = await attentionItemOf(order);
    expect(second.attentionId).not.toBe(item.attentionId);
    mail.otherwise = 'none';
    expect(await tryAgain(second)).toBe('done');
    await isSent(order);
    expect(mail.withId(idOf(order))).toHaveLength(1);
    expect((await attentionItems(order)).filter(({ resolvedAt }) => resolvedAt === null)).toEqual([]);
  });

  test.each(['unknown', 'spam'] as const)('that refuses for good (%s) is asked once', async (fault) => {
    mail.otherwise = fault;
    const order = await anOrder();
    await plan(order);
    expect((await attentionItemOf(order)).reason).toBe('email_refused');
    expect(mail.tries).toBe(1);
    expect((await onlyEmailOf(order)).sentAt).toBeNull();
  });

  test('that never answers is given up each time', async () => {
    beImpatient();
    mail.otherwise = 'silent';
    const order = await anOrder();
    await plan(order);
    expect((await attentionItemOf(order)).detail['error']).toContain('ETIMEDOUT');
    expect(mail.tries).toBe(1 + retries);
  });

  test('that takes the message and breaks off gets it again, under the same Message-ID', async () => {
    mail.next = ['drop'];
    const order = await anOrder();
    await plan(order);
    await isSent(order);
    const copies = mail.withId(idOf(order));
    expect(copies.map(({ recipients }) => recipients)).toEqual([[reader], [reader]]);
  });

  test('that hangs once does not hold up the message beside it', async () => {
    beImpatient();
    mail.next = ['silent'];
    const [first, second] = [await anOrder(), await anOrder()];
    await Promise.all([plan(first), plan(second)]);
    await Promise.all([isSent(first), isSent(second)]);
    expect(mail.received).toHaveLength(2);
  });
});

describe('a process that ends', () => {
  test('while a message is under way leaves it to the next one', async () => {
    const { mailer } = settings;
    const underWay = new Promise<void>((resolve) => {
      settings.mailer = {
        send: () => {
          resolve();
          return new Promise(() => undefined);
        },
      };
    });
    const order = await anOrder();
    await plan(order);
    await underWay;
    await end();
    expect((await onlyEmailOf(order)).sentAt).toBeNull();
    settings.mailer = mailer;
    await launch();
    await isSent(order);
    expect(mail.withId(idOf(order))).toHaveLength(1);
  });

  test('and whose work is started once more does not send what is sent', async () => {
    const order = await anOrder();
    await plan(order);
    const { emailId } = await isSent(order);
    await inTransaction(database, (sql) => enqueueWorkflow(sql, 'email', emailId, 1));
    await expect(DBOS.retrieveWorkflow(`email-${emailId}-1`).getResult()).resolves.toBe('sent');
    expect(mail.withId(idOf(order))).toHaveLength(1);
  });
});

describe('without a mail server', () => {
  const deliver = async (delivery: EmailDelivery, kind: EmailKind): Promise<EmailRow> => {
    settings.delivery = delivery;
    const order = await anOrder();
    await plan(order, kind);
    return isSent(order);
  };

  afterEach(() => {
    expect(mail.tries).toBe(0);
  });

  test('a demonstration keeps the message in its row', async () => {
    const kept = await deliver('preview', 'order_confirmed');
    expect(kept.subject).toBe(`Order ${kept.orderId} is confirmed`);
    expect(kept.textBody).toContain('$199.98');
    expect(kept.htmlBody).toContain('$199.98');
  });

  test('a shop whose email is off is done with the message, and keeps nothing to be sent later', async () => {
    expect(await deliver('off', 'order_confirmed')).toMatchObject({ subject: null, textBody: null });
  });

  test('a cancellation that is no longer true is not sent', async () => {
    expect(await deliver('preview', 'order_cancelled')).toMatchObject({ subject: null, textBody: null });
  });
});

test('a message that cannot be written needs a person, and goes out once that is mended', async () => {
  const { compose } = settings;
  settings.compose = () => Promise.reject(new Error('undefined variable: total'));
  const order = await anOrder();
  await plan(order);
  const item = await attentionItemOf(order);
  expect(item.detail['error']).toContain('undefined variable: total');
  settings.compose = compose;
  await tryAgain(item);
  await isSent(order);
});

test('an address that contains several is sent to none', async () => {
  const order = await anOrder({ email: 'ada@reader.example\r\nBcc: eve@evil.example' });
  await plan(order);
  expect((await attentionItemOf(order)).detail['message']).toContain('The address is invalid');
  expect(mail.tries).toBe(0);
});
