import { readConfig } from './config.ts';
import { connect, type Database } from './database/connection.ts';
import { searchEverywhere } from './database/queries/mentions.ts';
import {
  findOtherWorkflows,
  hasPersonalData,
  listOrdersInProgress,
  type OrderProgress,
} from './database/queries/personal-data.ts';
import { askErasure, eraseUnknownPayments } from './database/transactions/erase-personal-data.ts';
import { openWorkflowRemover } from './database/workflow-remover.ts';
import { type AddressForms, type DataSubject, readSubject } from './shared/address.ts';
import { runProgram, StartError } from './shared/program.ts';
import { inTransaction } from './shared/statement.ts';
import { findDatabase } from './supervisor/database.ts';
import { type DeleteWorkflows, erasePersonalData } from './workflows/personal-data.ts';

const somethingLeft = 2;

/**
 * The program of `npm run erase`: removes the personal data of the person with an e-mail address, or of one order, the argument. An order in
 * progress is marked, and housekeeping erases it once it has ended. Safe to repeat, and while shops run. It prints counts and no personal data. Its
 * exit code is 0 when nothing of it is left, 2 when something is, and 1 when it did not get to the end.
 */
async function main(): Promise<void> {
  const subject = readSubject(process.argv[2]);
  const config = readConfig(process.env, 'migrate');
  const databaseUrl = await findDatabase(config);
  const database = connect(databaseUrl, 1);
  const remover = await openWorkflowRemover(databaseUrl);
  try {
    await erase(database, subject, (workflowIds) => remover.remove(workflowIds));
    if (!(await reportRest(database, subject))) process.exitCode = somethingLeft;
  } finally {
    await remover.close();
    await database.destroy();
  }
}

async function erase(
  database: Database,
  subject: DataSubject,
  deleteWorkflows: DeleteWorkflows,
): Promise<void> {
  const marked = await inTransaction(database, (sql) => askErasure(sql, subject));
  if ('orderId' in subject && marked === 0) throw new StartError(`There is no order ${subject.orderId}.`);
  // Those that were marked before and have ended since go with them.
  const erased = await erasePersonalData(database, 'asked', { personalDataDays: 0, deleteWorkflows });
  if ('address' in subject) print(`Orders of the address: ${marked}`);
  print(`Orders erased: ${erased}`);
  if ('address' in subject) await eraseElsewhere(database, subject.address, deleteWorkflows);
}

/** Removes an address from where no order leads to. */
async function eraseElsewhere(
  database: Database,
  address: AddressForms,
  deleteWorkflows: DeleteWorkflows,
): Promise<void> {
  const others = await findOtherWorkflows(database, address);
  if (others.length > 0) await deleteWorkflows(others);
  const unknown = await inTransaction(database, (sql) => eraseUnknownPayments(sql, address));
  print(`Other workflows deleted: ${others.length}`);
  print(`Rows about payments of unknown orders: ${unknown}`);
}

const progressWords: Readonly<Record<OrderProgress, string>> = {
  pending: 'waits for its payment',
  paid: 'is not dispatched yet',
  refund_due: 'has a refund that is not made yet',
  email_due: 'has a message that is not sent yet',
  workflow_active: 'has a workflow that runs',
};

/** Reports what is left. @returns whether nothing is */
async function reportRest(database: Database, subject: DataSubject): Promise<boolean> {
  const mentions = 'address' in subject ? await searchEverywhere(database, subject.address) : [];
  const isOrderLeft = 'orderId' in subject && (await hasPersonalData(database, subject.orderId));
  if (mentions.length === 0 && !isOrderLeft) {
    print(`Nothing of the ${'address' in subject ? 'address' : 'order'} is left.`);
    return true;
  }
  const inProgress = await listOrdersInProgress(database, subject);
  for (const { orderId, progress } of inProgress) {
    print(
      `Order ${orderId} ${progressWords[progress]}. It is marked, and erased within an hour after it has ended.`,
    );
  }
  if (mentions.length > 0) print('The address is still in these tables:');
  for (const { table, rows } of mentions) print(`  ${table}: ${rows} ${rows === 1 ? 'row' : 'rows'}`);
  if (inProgress.length === 0) {
    print(
      isOrderLeft
        ? 'Something of the order is left. Run this again later.'
        : 'No order under this address is in progress. Look at these rows by hand, or run this again later.',
    );
  }
  return false;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runProgram(main);
