import { DBOS } from '@dbos-inc/dbos-sdk';

/** Makes a step of what may fail, as when Postgres or the provider is away: it is tried again with the next run. */
export function attempt(name: string, run: () => Promise<unknown>): Promise<'done' | 'failed'> {
  return DBOS.runStep(
    async () => {
      try {
        await run();
        return 'done';
      } catch (error) {
        DBOS.logger.warn(`${name} failed and is tried again with the next run: ${String(error)}`);
        return 'failed';
      }
    },
    { name },
  );
}
