import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A rule that is broken on purpose, to check that a test fails. */
export interface Mutant {
  readonly name: string;
  /** The promise that the rule keeps. */
  readonly promise: string;
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** The test that has to fail: its file, and a part of its name. */
  readonly test: { readonly file: string; readonly name: string };
}

/** The promises of README, in short. */
export const promises = {
  charged: 'a customer who is charged gets the goods, or all of the money back (promise 1)',
  once: 'nobody is charged, or paid back, twice (promise 2)',
  stock: 'available + held + sold = supplied; stock is held exactly while its order waits (promise 3)',
  authority: 'only the payment provider can make an order paid (promise 5)',
  survives: 'acknowledged work survives, and goes on within seconds (promise 4)',
  privacy: 'personal data is stored where docs/PRIVACY.md says, and no longer',
  operator: 'only an operator can restock, refund, crash the shop or read customers’ data (promise 5)',
} as const;

/** How often the text that a mutant replaces occurs in its file. Once is right. */
export async function countMatches(root: string, { file, from }: Mutant): Promise<number> {
  return (await readFile(path.join(root, file), 'utf8')).split(from).length - 1;
}

/**
 * Writes a mutant into a copy of the sources.
 * @returns a function that restores the file
 */
export async function applyMutant(folder: string, mutant: Mutant): Promise<() => Promise<void>> {
  const file = path.join(folder, mutant.file);
  const source = await readFile(file, 'utf8');
  await writeFile(
    file,
    source.replace(mutant.from, () => mutant.to),
  );
  return () => writeFile(file, source);
}
