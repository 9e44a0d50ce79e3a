import closeWithGrace from 'close-with-grace';
import { type App, buildApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { newExecutorId } from './database/workflow-ids.ts';
import { runProgram, SettingsError } from './shared/program.ts';

const closeWithinMs = 10_000;
const supervised = process.send !== undefined;

async function main(): Promise<void> {
  const config = readConfig(process.env, 'shop');
  const { databaseUrl, executorId: label = 'shop' } = config;
  if (databaseUrl === undefined) throw new SettingsError(['DATABASE_URL: is missing']);
  // A supervisor chooses the whole id, so that it can report the end of the process.
  const executorId = label.includes('~') ? label : newExecutorId(label);
  const app = await buildApp({ ...config, databaseUrl, executorId });
  endOnSignal(app, config.drainSeconds);
  await app.launch();
  await app.server.listen({ host: config.host, port: config.port });
  announce(config);
}

function endOnSignal(app: App, drainSeconds: number): void {
  // The supervisor decides the order in which its processes end. A Ctrl-C in its terminal, or a signal to the whole
  // process group, reaches this process as well, and must neither end it early nor interrupt its end.
  const { close } = closeWithGrace(
    { delay: closeWithinMs + drainSeconds * 1000, skip: supervised ? ['SIGINT', 'SIGTERM'] : [] },
    async ({ err }) => {
      if (err) app.server.log.fatal({ err }, 'ends after an error');
      // A process with a fault does not go on for a while.
      await app.close({ drains: err === undefined });
    },
  );
  if (!supervised) return;
  process.on('SIGINT', () => undefined);
  process.once('SIGTERM', () => {
    process.on('SIGTERM', () => undefined);
    close();
  });
}

/** Notifies the supervisor that the shop answers requests; without one, writes the address. */
function announce(config: Config): void {
  process.send?.('ready');
  if (process.send !== undefined) return;
  process.stdout.write(`The shop answers at ${config.publicUrl}\n`);
  if (config.openToEverybody)
    process.stdout.write(
      'OPERATOR_ACCESS=open: its operator’s routes are open to everybody who reaches it.\n',
    );
}

await runProgram(main);
