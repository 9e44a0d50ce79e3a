import closeWithGrace from 'close-with-grace';
import { type App, buildApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { runProgram, SettingsError } from './shared/program.ts';

const closeWithinMs = 10_000;
const supervised = process.send !== undefined;

async function main(): Promise<void> {
  const config = readConfig(process.env, 'shop');
  const { databaseUrl, executorId = 'shop-0' } = config;
  if (databaseUrl === undefined) throw new SettingsError(['DATABASE_URL: is missing']);
  const app = await buildApp({ ...config, databaseUrl, executorId, supervised });
  endOnSignal(app);
  await app.launch();
  await app.server.listen({ host: config.host, port: config.port });
  announce(config);
}

function endOnSignal(app: App): void {
  // The supervisor decides the order in which its processes end. A Ctrl-C in its terminal, or a signal to the whole
  // process group, reaches this process as well, and must neither end it early nor interrupt its end.
  const { close } = closeWithGrace(
    { delay: closeWithinMs, skip: supervised ? ['SIGINT', 'SIGTERM'] : [] },
    async ({ err }) => {
      if (err) app.server.log.fatal({ err }, 'ends after an error');
      await app.close();
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
  if (process.send === undefined) process.stdout.write(`The shop answers at ${config.publicUrl}\n`);
}

await runProgram(main);
