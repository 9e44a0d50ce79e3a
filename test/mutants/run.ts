import { fileURLToPath } from 'node:url';
import { endCommands } from './command.ts';
import { mutants } from './list.ts';
import { applyMutant, countMatches, type Mutant } from './mutant.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import { findTypeError, type Outcome, runTests } from './test-run.ts';

// `npm run test:mutants` breaks the rules of the shop one by one, in a copy of the sources, and checks that the named test
// fails. Words after `--` select the mutants whose name contains one of them.

const timeLimitMs = 300_000;
const baselineLimitMs = 600_000;
// A trial waits for its shops for half of its time.
const mutantsAtOnce = 2;

const interruption = new AbortController();

interface Trial {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
  readonly seconds: number;
}

async function main(words: readonly string[]): Promise<boolean> {
  const chosen = mutants.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  if (chosen.length === 0) throw new Error(`There is no mutant named ${words.join(' or ')}.`);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const open = () => openSandbox(root, process.env['TEST_DATABASE_URL']);
  const sandboxes = await Promise.all(Array.from({ length: mutantsAtOnce }, open));
  try {
    const [first] = sandboxes;
    if (first) await expectBaseline(first, chosen);
    const trials: Trial[] = [];
    const waiting = [...chosen];
    const tryNext = async (sandbox: Sandbox): Promise<void> => {
      for (let mutant = waiting.shift(); mutant && !interruption.signal.aborted; mutant = waiting.shift()) {
        const trial = await tryOut(sandbox, mutant);
        // The end of its command is no result.
        if (!interruption.signal.aborted) trials.push(report(trial));
      }
    };
    await Promise.all(sandboxes.map(tryNext));
    if (interruption.signal.aborted) throw new Error('Interrupted.');
    const escaped = trials.filter(({ outcome }) => outcome.result !== 'failed');
    console.log(`\n${trials.length - escaped.length} of ${trials.length} mutants were caught.`);
    return escaped.length === 0;
  } finally {
    endCommands();
    await Promise.all(sandboxes.map((sandbox) => sandbox.close()));
  }
}

/** Runs the tests without any mutant: one that fails anyway catches nothing. */
async function expectBaseline(sandbox: Sandbox, chosen: readonly Mutant[]): Promise<void> {
  const files = [...new Set(chosen.map(({ test }) => test.file))];
  console.log(`Without any mutant: ${files.length} files of tests …`);
  const typeError = await findTypeError(sandbox, timeLimitMs);
  if (typeError !== undefined) throw new Error(`The sources themselves: ${typeError}`);
  const outcome = await runTests(sandbox, { files, timeLimitMs: baselineLimitMs });
  if (outcome.result !== 'passed') throw new Error(`The sources themselves: ${JSON.stringify(outcome)}`);
  console.log(`… pass, all ${outcome.tests} tests.\n`);
}

async function tryOut(sandbox: Sandbox, mutant: Mutant): Promise<Trial> {
  const begun = performance.now();
  const matches = await countMatches(sandbox.folder, mutant);
  const outcome: Outcome =
    matches === 1
      ? await testMutant(sandbox, mutant)
      : { result: 'broken', why: `its text stands ${matches} times in ${mutant.file}` };
  return { mutant, outcome, seconds: (performance.now() - begun) / 1000 };
}

async function testMutant(sandbox: Sandbox, mutant: Mutant): Promise<Outcome> {
  const restore = await applyMutant(sandbox.folder, mutant);
  const { file, name } = mutant.test;
  try {
    const typeError = await findTypeError(sandbox, timeLimitMs);
    if (typeError !== undefined) return { result: 'broken', why: typeError };
    return await runTests(sandbox, { files: [file], name, timeLimitMs });
  } finally {
    await restore();
  }
}

function report(trial: Trial): Trial {
  const { mutant, outcome, seconds } = trial;
  const mark = { failed: 'caught  ', passed: 'SURVIVED', broken: 'BROKEN  ' }[outcome.result];
  console.log(`${mark} ${seconds.toFixed(0).padStart(3)} s  ${mutant.name}`);
  console.log(`                promise: ${mutant.promise}`);
  console.log(`                by:      ${mutant.test.file}${describe(outcome)}`);
  return trial;
}

function describe(outcome: Outcome): string {
  if (outcome.result === 'failed') return ` › ${outcome.test}\n                because: ${outcome.why}`;
  return outcome.result === 'broken' ? `\n                because: ${outcome.why}` : '';
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Ending the running command ends its trial; main closes the rest.
  process.once(signal, () => {
    interruption.abort();
    endCommands();
  });
}

if (!(await main(process.argv.slice(2)))) process.exitCode = 1;
