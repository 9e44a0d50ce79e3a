import { fileURLToPath } from 'node:url';
import { endCommands } from './command.ts';
import { mutants } from './list.ts';
import { applyMutant, countMatches, type Mutant } from './mutant.ts';
import { type Answer, findTypeError, runTests } from './test-run.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

// `npm run test:mutants`: breaks the rules of the shop one by one, each in a copy of the sources, and shows that a test
// notices. With words behind `--`, only the mutants whose name contains one of them.

const timeLimitMs = 300_000;
const baselineLimitMs = 600_000;

let interrupted = false;

interface Trial {
  readonly mutant: Mutant;
  readonly answer: Answer;
  readonly seconds: number;
}

async function main(words: readonly string[]): Promise<boolean> {
  const chosen = mutants.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  if (chosen.length === 0) throw new Error(`There is no mutant named ${words.join(' or ')}.`);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const workshop = await openWorkshop(root, process.env['TEST_DATABASE_URL']);
  try {
    await expectBaseline(workshop, chosen);
    const trials: Trial[] = [];
    for (const mutant of chosen) {
      const trial = await tryOut(workshop, mutant);
      if (interrupted) throw new Error('Interrupted.');
      trials.push(show(trial));
    }
    const escaped = trials.filter(({ answer }) => answer.says !== 'failed');
    console.log(`\n${trials.length - escaped.length} of ${trials.length} mutants were caught.`);
    return escaped.length === 0;
  } finally {
    endCommands();
    await workshop.close();
  }
}

/** A test that fails anyway catches nothing. */
async function expectBaseline(workshop: Workshop, chosen: readonly Mutant[]): Promise<void> {
  const files = [...new Set(chosen.map(({ test }) => test.file))];
  console.log(`Without any mutant: ${files.length} files of tests …`);
  const typeError = await findTypeError(workshop, timeLimitMs);
  if (typeError !== undefined) throw new Error(`The sources themselves: ${typeError}`);
  const answer = await runTests(workshop, { files, timeLimitMs: baselineLimitMs });
  if (answer.says !== 'passed') throw new Error(`The sources themselves: ${JSON.stringify(answer)}`);
  console.log(`… pass, all ${answer.tests} tests.\n`);
}

async function tryOut(workshop: Workshop, mutant: Mutant): Promise<Trial> {
  const begun = performance.now();
  const matches = await countMatches(workshop.folder, mutant);
  const answer: Answer =
    matches === 1
      ? await askTests(workshop, mutant)
      : { says: 'broken', why: `its text stands ${matches} times in ${mutant.file}` };
  return { mutant, answer, seconds: (performance.now() - begun) / 1000 };
}

async function askTests(workshop: Workshop, mutant: Mutant): Promise<Answer> {
  const restore = await applyMutant(workshop.folder, mutant);
  const { file, name } = mutant.test;
  try {
    const typeError = await findTypeError(workshop, timeLimitMs);
    if (typeError !== undefined) return { says: 'broken', why: typeError };
    return await runTests(workshop, { files: [file], name, timeLimitMs });
  } finally {
    await restore();
  }
}

function show(trial: Trial): Trial {
  const { mutant, answer, seconds } = trial;
  const mark = { failed: 'caught  ', passed: 'SURVIVED', broken: 'BROKEN  ' }[answer.says];
  console.log(`${mark} ${seconds.toFixed(0).padStart(3)} s  ${mutant.name}`);
  console.log(`                promise: ${mutant.promise}`);
  console.log(`                by:      ${mutant.test.file}${describe(answer)}`);
  return trial;
}

function describe(answer: Answer): string {
  if (answer.says === 'failed') return ` › ${answer.test}\n                because: ${answer.why}`;
  return answer.says === 'broken' ? `\n                because: ${answer.why}` : '';
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The command that runs ends, and with it the trial; what is open is closed on the way out.
  process.once(signal, () => {
    interrupted = true;
    endCommands();
  });
}

if (!(await main(process.argv.slice(2)))) process.exitCode = 1;
