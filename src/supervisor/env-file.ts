import process from 'node:process';
import { describe, StartFault } from './faults.ts';

/**
 * Adds the settings of the file `.env` in the current folder, if there is one, to the environment.
 * What is set already stays.
 * @throws StartFault when the file cannot be read.
 */
export function loadEnvFile(): void {
  try {
    process.loadEnvFile('.env');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new StartFault(`.env cannot be read: ${describe(error)}`);
  }
}
