import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Config, readConfig } from './config.ts';
import { connect, type Database } from './database/connection.ts';
import { newestOrderAt } from './database/queries/orders.ts';
import { advanceNumbers, type HighestNumbers } from './database/transactions/advance-numbers.ts';
import { isOfShop } from './domain/payment.ts';
import { openPaymentProvider } from './payments/open-provider.ts';
import type { PaymentProvider } from './payments/provider.ts';
import { runProgram, StartError } from './shared/program.ts';
import { inTransaction } from './shared/statement.ts';
import { demonstrationSecrets } from './supervisor/children.ts';
import { findDatabase } from './supervisor/database.ts';
import { compareWithProvider } from './workflows/compare-with-provider.ts';

const dayMs = 86_400_000;

/**
 * The program of `npm run after-restore`, for a database restored from a back-up: advances the numbers of orders and refunds past
 * those that the provider knows, then compares all sessions and events since the back-up. An argument is the time of the back-up; without
 * one, that of the newest order counts. Safe to repeat, and while shops run. Its exit code is 1 when it did not get to the end.
 */
async function main(): Promise<void> {
  const config = readConfig(process.env, 'after-restore');
  const { publicUrl, dispatchSeconds, shippingDays, email } = config;
  const provider = await openProvider(config);
  const database = connect(await findDatabase(config), 2);
  try {
    const since = startOfLoss(process.argv[2]) ?? (await lastKnownTime(database));
    const highest = await readHighestNumbers(provider, publicUrl, since);
    const last = await inTransaction(database, (sql) => advanceNumbers(sql, highest));
    process.stdout.write(
      `The next order is number ${last.orderId + 1}, the next refund number ${last.refundId + 1}.\n`,
    );
    const context = {
      live: provider.live,
      dispatchSeconds,
      shippingDays,
      publicUrl,
      emailsPerDay: email.perDay,
    };
    const differences = await compareWithProvider({ database, provider, context }, since, new Date());
    process.stdout.write(`Compared with the provider since ${since.toISOString()}:\n`);
    for (const [kind, count] of Object.entries(differences)) process.stdout.write(`  ${kind}: ${count}\n`);
  } finally {
    await database.destroy();
  }
}

async function openProvider({ payment, dataDir }: Config): Promise<PaymentProvider> {
  const folder = path.resolve(dataDir);
  if (payment.secretKey === undefined && !existsSync(folder)) {
    throw new StartError(
      `STRIPE_SECRET_KEY is missing, and there is no demonstration in ${folder}. Give this program the settings of the shop.`,
    );
  }
  const secretKey = payment.secretKey ?? (await demonstrationSecrets(folder)).secretKey;
  return openPaymentProvider({ ...payment, secretKey });
}

/** @throws StartError for an argument that is no time */
function startOfLoss(argument: string | undefined): Date | undefined {
  if (argument === undefined) return undefined;
  const time = new Date(argument);
  if (Number.isNaN(time.getTime())) throw new StartError(`${argument} is no time. One is 2026-11-26T20:00Z.`);
  return time;
}

/** A day before the newest order. The day covers orders and refunds that were about to commit. */
async function lastKnownTime(database: Database): Promise<Date> {
  const newest = await newestOrderAt(database);
  return new Date(newest === undefined ? 0 : newest.getTime() - dayMs);
}

/** The highest numbers that this shop has given the provider since a time. */
async function readHighestNumbers(
  provider: PaymentProvider,
  publicUrl: string,
  since: Date,
): Promise<HighestNumbers> {
  let [orderId, refundId] = [0, 0];
  for await (const session of provider.listSessions(since)) {
    if (isOfShop(session, publicUrl)) orderId = Math.max(orderId, session.orderId ?? 0);
  }
  // A refund does not name its shop. A number of another shop with the same account only leaves a gap.
  for await (const id of provider.listRefundIds(since)) refundId = Math.max(refundId, id ?? 0);
  return { orderId, refundId };
}

await runProgram(main);
