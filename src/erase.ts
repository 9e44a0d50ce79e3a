import { readConfig } from './config.ts';
import { connect, type Database } from './database/connection.ts';
import { searchEverywhere } from './database/queries/mentions.ts';
import {
  findOtherWorkflows,
  listOrdersInProgress,
  type OrderProgress,
} from './database/queries/personal-data.ts';
import { askErasure, eraseUnknownPayments } from './database/transactions/erase-personal-data.ts';
import { openWorkflowRemover } from './database/workflow-remover.ts';
import { type AddressForms, readAddress } from './shared/address.ts';
import { runProgram } from './shared/program.ts';
import { inTransaction } from './shared/statement.ts';
import { findDatabase } from './supervisor/database.ts';
import { type DeleteWorkflows, erasePersonalData } from './workflows/personal-data.ts';

const somethingLeft = 2;

/**
 * The program of `npm run erase`: removes the personal data of the person with an e-mail address, the argument. An order in progress is
 * marked, and housekeeping erases it once it has ended. Safe to repeat, and while shops run. It prints counts and no personal data. Its
 * exit code is 0 when nothing of the address is left, 2 when something is, and 1 when it did not get to the end.
 */
async function main(): Promise<void> {
  const address = readAddress(process.argv[2]);
  const config = readConfig(process.env, 'migrate');
  const databaseUrl = await findDatabase(config);
  const database = connect(databaseUrl, 1);
  const remover = await openWorkflowRemover(databaseUrl);
  try {
    await erase(database, address, (workflowIds) => remover.remove(workflowIds));
    if (!(await reportRest(database, address))) process.exitCode = somethingLeft;
  } finally {
    await remover.close();
    await database.destroy();
  }
}

async function erase(
  database: Database,
  address: AddressForms,
  deleteWorkflows: DeleteWorkflows,
): Promise<void> {
  const marked = await inTransaction(database, (sql) => askErasure(sql, address));
  // Those that were marked before and have ended since go with them.
  const erased = await erasePersonalData(database, 'asked', { personalDataDays: 0, deleteWorkflows });
  const others = await findOtherWorkflows(database, address);
  if (others.length > 0) await deleteWorkflows(others);
  const unknown = await inTransaction(database, (sql) => eraseUnknownPayments(sql, address));
  print(`Orders of the address: ${marked}`);
  print(`Orders erased: ${erased}`);
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

/** Reports what is left of the address. @returns whether nothing is */
async function reportRest(database: Database, address: AddressForms): Promise<boolean> {
  const mentions = await searchEverywhere(database, address);
  if (mentions.length === 0) {
    print('Nothing of the address is left.');
    return true;
  }
  const inProgress = await listOrdersInProgress(database, address);
  for (const { orderId, progress } of inProgress) {
    print(
      `Order ${orderId} ${progressWords[progress]}. It is marked, and erased within an hour after it has ended.`,
    );
  }
  print('The address is still in these tables:');
  for (const { table, rows } of mentions) print(`  ${table}: ${rows} ${rows === 1 ? 'row' : 'rows'}`);
  if (inProgress.length === 0)
    print('No order under this address is in progress. Look at these rows by hand, or run this again later.');
  return false;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runProgram(main);
