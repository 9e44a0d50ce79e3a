import { readConfig } from './config.ts';
import { connect } from './database/connection.ts';
import { readPersonalData } from './database/queries/personal-data.ts';
import { readAddress } from './shared/address.ts';
import { runProgram } from './shared/program.ts';
import { findDatabase } from './supervisor/database.ts';

/**
 * The program of `npm run export-customer`: writes everything that is stored about the person with an e-mail address, the argument, to
 * standard output as JSON. It changes nothing. Its exit code is 0 also when nothing is stored.
 */
async function main(): Promise<void> {
  const address = readAddress(process.argv[2]);
  const database = connect(await findDatabase(readConfig(process.env, 'migrate')), 1);
  try {
    const data = await readPersonalData(database, address);
    process.stdout.write(`${JSON.stringify({ address: address[0], ...data }, null, 2)}\n`);
  } finally {
    await database.destroy();
  }
}

await runProgram(main);
