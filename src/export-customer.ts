import { readConfig } from './config.ts';
import { connect } from './database/connection.ts';
import { readPersonalData } from './database/queries/personal-data.ts';
import { readSubject } from './shared/address.ts';
import { runProgram } from './shared/program.ts';
import { findDatabase } from './supervisor/database.ts';

/**
 * The program of `npm run export-customer`: writes everything that is stored about the person with an e-mail address, or about an order, the
 * argument, to standard output as JSON. It changes nothing. Its exit code is 0 also when nothing is stored.
 */
async function main(): Promise<void> {
  const subject = readSubject(process.argv[2]);
  const database = connect(await findDatabase(readConfig(process.env, 'migrate')), 1);
  try {
    const data = await readPersonalData(database, subject);
    const about = 'address' in subject ? { address: subject.address[0] } : { order_id: subject.orderId };
    process.stdout.write(`${JSON.stringify({ ...about, ...data }, null, 2)}\n`);
  } finally {
    await database.destroy();
  }
}

await runProgram(main);
