import process from 'node:process';
import { type Account, run } from './processes.ts';

const createAccount = [
  'groupadd --system postgres && useradd --system --gid postgres --no-create-home postgres',
  'addgroup -S postgres && adduser -S -D -H -G postgres postgres',
];

/**
 * The account that Postgres runs as: that of this process, or `postgres` for root, because Postgres refuses root.
 * Creates that account when the machine has none.
 * @throws Error with the way out when there is no such account and none can be created.
 */
export async function postgresAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await findAccount();
  if (existing) return existing;
  const answers: string[] = [];
  for (const script of createAccount) {
    const { output } = await run('/bin/sh', ['-c', script]);
    answers.push(output);
    // A start at the same moment may have created it, so the account is looked up whatever the answer was.
    const created = await findAccount();
    if (created) return created;
  }
  throw new Error(
    `Postgres does not run as root, and the account "postgres" cannot be created here (${answers.join('; ')}). ` +
      'Start as another user, create that account, or set DATABASE_URL to a Postgres of yours.',
  );
}

async function findAccount(): Promise<Account> {
  const { code, output } = await run('/bin/sh', ['-c', 'id -u postgres && id -g postgres']);
  const [uid, gid] = output.split('\n').map(Number);
  return code === 0 && uid !== undefined && gid !== undefined ? { uid, gid } : undefined;
}
