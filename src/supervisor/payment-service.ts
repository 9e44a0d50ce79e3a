import { fork } from 'node:child_process';
import { type Kept, keepRunning } from './keep-running.ts';

export interface PaymentServiceOptions {
  /** The compiled program of the payment service. */
  readonly entry: string;
  /** Asked before each start of the process. */
  readonly environment: () => NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

/**
 * Starts the local payment service and keeps it running.
 * It is in a session of its own, so that a Ctrl-C in our terminal does not end it before the shops, and it ends by
 * itself when its channel to us closes.
 */
export function startPaymentService(options: PaymentServiceOptions): Kept {
  return keepRunning({
    name: 'The payment service',
    spawn: () =>
      fork(options.entry, { env: options.environment(), detached: true, execArgv: [], stdio: 'inherit' }),
    log: options.log,
  });
}
