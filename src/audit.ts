import { readConfig } from './config.ts';
import { auditDatabase, type BrokenRule } from './database/audit.ts';
import { connect } from './database/connection.ts';
import { runProgram } from './shared/program.ts';
import { findDatabase } from './supervisor/database.ts';

const couldNotCheck = 2;

/** The program of `npm run audit`: reports which promise is broken by which rows. Its exit code is 1 when one is, and 2 when it could not check. */
async function main(): Promise<void> {
  const config = readConfig(process.env, 'migrate');
  const database = connect(await findDatabase(config), 1);
  try {
    const { rules, broken } = await auditDatabase(database, config.reconcileSeconds);
    for (const rule of broken) process.stdout.write(describe(rule));
    if (broken.length === 0) process.stdout.write(`All ${rules} rules are kept.\n`);
    else process.exitCode = 1;
  } finally {
    await database.destroy();
  }
}

function describe({ promise, rule, rows, more }: BrokenRule): string {
  const lines = rows.map((row) => `  ${JSON.stringify(row)}\n`).join('');
  return `Broken: ${rule} (${promise})\n${lines}${more ? '  … and more\n' : ''}`;
}

await runProgram(main, couldNotCheck);
