import closeWithGrace from 'close-with-grace';
import { type App, buildApp } from './app.ts';
import { type Config, readConfig, SettingsError } from './config.ts';

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
  // The supervisor decides the order in which things end. A Ctrl-C in its terminal, or a signal to the whole group,
  // reaches this process as well, and must neither end it early nor cut its ending short.
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

/** Tells the supervisor that requests are answered now. */
function announce(config: Config): void {
  process.send?.('ready');
  if (process.send === undefined) process.stdout.write(`The shop answers at ${config.publicUrl}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(
    `${error instanceof SettingsError ? error.message : String((error as Error).stack ?? error)}\n`,
  );
  process.exit(1);
}
