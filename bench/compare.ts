import { setTimeout as pause } from 'node:timers/promises';
import { buy } from './buyers.ts';
import type { Cleanup } from './cleanup.ts';
import { type BySubject, type Comparison, type SubjectName, subjectTitles, summarize } from './comparison.ts';
import { type Figures, measure, measureRest, type Rest } from './measure.ts';
import type { Options } from './options.ts';
import type { Progress } from './progress.ts';
import { StatementTally } from './statements.ts';
import { openSubjects, type Subject } from './subjects.ts';

const endNoticedWithinMs = 1_000;
const warmUpBuyers = 16;

/**
 * Measures one shop process and the baselines on one Postgres, over HTTP as shoppers and the provider reach them. This
 * process is both of them: it answers the provider's calls at once and sends the signed events itself.
 */
export async function compare(
  serverUrl: string,
  options: Options,
  progress: Progress,
  cleanup: Cleanup,
): Promise<Comparison> {
  progress.say('Starting the shop and the baselines');
  const subjects = await openSubjects(serverUrl, options, cleanup);
  return whileAlive(subjects, measureAll(subjects, options, progress));
}

/** The outcome of the work; when a store dies, its last words instead of the buyers' complaints. */
async function whileAlive<Result>(subjects: readonly Subject[], work: Promise<Result>): Promise<Result> {
  const died = subjects.map(({ program }) => program.died);
  try {
    return await Promise.race([...died, work]);
  } catch (error) {
    // A broken connection is noticed before the end of the process.
    await Promise.race([...died, pause(endNoticedWithinMs)]);
    throw error;
  }
}

/** One subject and what has been measured of it so far. */
interface Notes {
  readonly subject: Subject;
  readonly rest: Rest;
  readonly warmUpOrders: number;
  readonly levels: ReadonlyMap<number, Figures[]>;
  /** Of the level with the most buyers. */
  readonly tally: StatementTally;
}

/**
 * Warms up, counts at rest, then measures every subject at every level once a round, one right after the other, so
 * that a slow minute hits all of them.
 */
async function measureAll(
  subjects: readonly Subject[],
  options: Options,
  progress: Progress,
): Promise<Comparison> {
  const warmUpOrders = new Map<Subject, number>();
  for (const subject of subjects) {
    progress.say(`Warming up ${subjectTitles[subject.name]} for ${options.warmUpSeconds} s`);
    warmUpOrders.set(subject, await warmUp(subject, options));
  }
  progress.say(`Counting at rest for ${options.restSeconds} s`);
  const takeNotes = async (subject: Subject): Promise<Notes> => ({
    subject,
    rest: await measureRest(subject, options.restSeconds),
    warmUpOrders: warmUpOrders.get(subject) ?? 0,
    levels: new Map(options.levels.map((buyers) => [buyers, []])),
    tally: new StatementTally(),
  });
  const notes = await Promise.all(subjects.map(takeNotes));

  for (let round = 1; round <= options.rounds; round += 1) {
    for (const buyers of options.levels) {
      // Each comes first in its turn, for what one leaves to Postgres' housekeeping falls to the next.
      for (const note of rotate(notes, round)) {
        progress.say(
          `Round ${round} of ${options.rounds}, ${buyers} at once: ${subjectTitles[note.subject.name]}`,
        );
        await measureOnce(note, buyers, options);
      }
    }
  }
  return conclude(notes, options);
}

async function warmUp(subject: Subject, options: Options): Promise<number> {
  const crowd = {
    buyers: warmUpBuyers,
    seconds: options.warmUpSeconds,
    ordersMax: options.levelOrdersMax,
  };
  const { orders } = await buy(subject.market, crowd);
  await subject.allDone();
  return orders;
}

async function measureOnce(
  { subject, rest, levels, tally }: Notes,
  buyers: number,
  options: Options,
): Promise<void> {
  const crowd = { buyers, seconds: options.levelSeconds, ordersMax: options.levelOrdersMax };
  const before = await subject.readCosts();
  const figures = await measure(subject, crowd, rest);
  if (buyers === Math.max(...options.levels)) tally.add(before, await subject.readCosts(), figures.orders);
  levels.get(buyers)?.push(figures);
}

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

async function conclude(notes: readonly Notes[], options: Options): Promise<Comparison> {
  const books = await bySubject(notes, ({ subject, levels, warmUpOrders }) => {
    const measured = [...levels.values()].flat();
    return subject.checkBooks(measured.reduce((sum, { orders }) => sum + orders, warmUpOrders));
  });
  const levels = options.levels.map(async (buyers) =>
    summarize(buyers, await bySubject(notes, ({ levels }) => levels.get(buyers) ?? [])),
  );
  return {
    at_rest: await bySubject(notes, ({ rest }) => rest),
    levels: await Promise.all(levels),
    statements: await bySubject(notes, ({ tally }) => tally.perOrder()),
    books,
  };
}

async function bySubject<Value>(
  notes: readonly Notes[],
  valueOf: (note: Notes) => Value | Promise<Value>,
): Promise<BySubject<Value>> {
  const entries = notes.map(async (note) => [note.subject.name, await valueOf(note)] as const);
  return Object.fromEntries(await Promise.all(entries)) as Record<SubjectName, Value>;
}
