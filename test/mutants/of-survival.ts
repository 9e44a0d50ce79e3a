import { type Mutant, promises } from './mutant.ts';

const transaction = 'src/database/transaction.ts';
const durableStep = 'test/database/transaction.test.ts';
const paid = { file: 'test/crash/paid.test.ts', name: 'an order that is paid, the shop' };

/** Survival of acknowledged work when a process or Postgres dies. */
export const survival: readonly Mutant[] = [
  {
    name: 'a checkpoint is stored outside the commit of its step',
    promise: promises.survives,
    file: transaction,
    from: 'callback(statementsOn(client), ...args)).catch(retryLater);',
    to: `callback(statementsOn(client), ...args))
          .then(async (value) => {
            await client.query('COMMIT');
            await client.query('BEGIN');
            return value;
          })
          .catch(retryLater);`,
    test: { file: durableStep, name: 'a step is one commit, its writes and its record together' },
  },
  {
    name: 'a transient error of Postgres is recorded as the outcome of a step',
    promise: promises.survives,
    file: transaction,
    from: '...args)).catch(retryLater);',
    to: `...args)).catch((error: unknown) => {
          if (error instanceof Error) throw new Error('The step failed.');
          return retryLater(error);
        });`,
    test: {
      file: durableStep,
      name: 'a statement that ran out of time is tried again, and never an outcome',
    },
  },
  {
    name: 'the workflows of an ended process are not taken over',
    promise: promises.survives,
    file: 'src/workflows/liveness.ts',
    from: 'if (!someEnded && silent.length === 0) return false;',
    to: 'if (someEnded || silent.length >= 0) return false;',
    test: paid,
  },
  {
    name: 'a process that ends in order does not report its end',
    promise: promises.survives,
    file: 'src/app.ts',
    from: 'await liveness.end();',
    to: 'liveness.silentMs();',
    test: { file: 'test/crash/take-over.test.ts', name: 'stopped in order' },
  },
  {
    name: 'a process declares others dead although Postgres stood still',
    promise: promises.survives,
    file: 'src/database/transactions/executors.ts',
    from: "observer.seen_at > now() - :fresh * interval '1 second'",
    to: "observer.seen_at > now() - 1000 * :fresh * interval '1 second'",
    test: { file: 'test/database/executors.test.ts', name: 'whose own row is old declares nobody dead' },
  },
  {
    name: 'a process declares others dead after it stood still itself',
    promise: promises.survives,
    file: 'src/workflows/liveness.ts',
    from: 'if (sinceLast > gapMs || sinceLast < 0)',
    to: 'if (sinceLast < 0)',
    test: { file: 'src/workflows/liveness.test.ts', name: 'after a gap' },
  },
  {
    name: 'a process declares others dead as soon as it starts',
    promise: promises.survives,
    file: 'src/workflows/liveness.ts',
    from: 'isSteady ? await endSilentExecutors(sql, executorId) : [];',
    to: 'isSteady || sql.length > 0 ? await endSilentExecutors(sql, executorId) : [];',
    test: { file: 'test/workflows/liveness.test.ts', name: 'only after it was steady for seven seconds' },
  },
  {
    name: 'connections that hang stay open when that of the heartbeat breaks',
    promise: promises.survives,
    file: 'src/workflows/liveness.ts',
    from: 'if (isPostgresAway(error)) onLostConnection();',
    to: "if (isPostgresAway(error) && String(error).includes('read timeout')) onLostConnection();",
    test: { file: 'test/crash/failover.test.ts', name: 'hang without an error' },
  },
  {
    name: 'a process gives back what it runs',
    promise: promises.survives,
    file: 'src/workflows/liveness.ts',
    from: 'claimed.filter((workflowId) => !isRunningHere(workflowId));',
    to: "claimed.filter((workflowId) => !isRunningHere(workflowId) || workflowId !== '');",
    test: { file: 'test/workflows/lost-claims.test.ts', name: 'stays with it' },
  },
  {
    name: 'a connection that answers read-only stays open',
    promise: promises.survives,
    file: 'src/shared/outage.ts',
    from: 'setImmediate(() => connection.stream.destroy())',
    to: 'setImmediate(() => undefined)',
    test: { file: 'test/database/engine-pool.test.ts', name: 'a connection of requests is closed as well' },
  },
  {
    name: 'an event is stored after it was acknowledged',
    promise: promises.survives,
    file: 'src/http/routes/payment-webhook.ts',
    from: 'const outcome = await receiveEvent(event);',
    to: `const outcome = 'acknowledged';
      setTimeout(() => void receiveEvent(event).catch(() => undefined), 50);`,
    test: paid,
  },
  {
    name: 'Postgres acknowledges a commit before it is on disk',
    promise: promises.survives,
    file: 'src/supervisor/postgres.ts',
    from: '      listen_addresses: host,',
    to: `      listen_addresses: host,
      synchronous_commit: 'off',`,
    test: { file: 'test/crash/postgres-restart.test.ts', name: 'acknowledged just before Postgres crashes' },
  },
];
