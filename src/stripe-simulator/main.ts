import { runProgram } from '../shared/program.ts';
import { readSimulatorConfig } from './config.ts';
import { type StripeSimulator, startStripeSimulator } from './simulator.ts';

const millisecondsToClose = 5_000;

async function main(): Promise<void> {
  const simulator = await startStripeSimulator(readSimulatorConfig(process.env));
  closeOnRequest(simulator);
  process.send?.('ready');
}

/** Closes the simulator on SIGTERM, on Ctrl-C without a supervisor, and when the supervisor has ended. */
function closeOnRequest(simulator: StripeSimulator): void {
  let closing = false;
  const close = (): void => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(1), millisecondsToClose).unref();
    simulator.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', close);
  process.on('disconnect', close);
  process.on('SIGINT', () => {
    // Ctrl-C reaches the whole process group. A supervisor ends its processes in its own order.
    if (!process.connected) close();
  });
}

await runProgram(main);
