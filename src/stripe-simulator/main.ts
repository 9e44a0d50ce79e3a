import { runProgram } from '../shared/program.ts';
import { readSimulatorConfig } from './config.ts';
import { type StripeSimulator, startStripeSimulator } from './simulator.ts';

const millisecondsToClose = 5_000;

async function main(): Promise<void> {
  const service = await startStripeSimulator(readSimulatorConfig(process.env));
  closeOnRequest(service);
  process.send?.('ready');
}

/** Ends the service at SIGTERM, at Ctrl-C when nobody supervises it, and when its supervisor is gone. */
function closeOnRequest(service: StripeSimulator): void {
  let closing = false;
  const close = (): void => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(1), millisecondsToClose).unref();
    service.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', close);
  process.on('disconnect', close);
  process.on('SIGINT', () => {
    // Ctrl-C reaches the whole process group, and a supervisor ends its processes in its own order.
    if (!process.connected) close();
  });
}

await runProgram(main);
