import { z } from 'zod';
import { defaultSettings, type MoodSettings, moodGroups, moodNames, type Shares } from '../moods.ts';
import { invalidRequest } from './errors.ts';
import { integer, readParameters, text } from './parameters.ts';

// An empty field of a form is one that was not filled in.
const filled = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const share = filled(
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d*\.?\d+$/)
        .transform(Number),
    ])
    .pipe(z.number().min(0).max(1)),
);

const settingNames = Object.keys(defaultSettings) as (keyof MoodSettings)[];
const shares = z.record(z.string(), share).default({});
const settings = z.record(z.string(), filled(integer(0, 60_000))).default({});

const generalChange = z.strictObject({
  seed: filled(z.union([z.number().transform(String), text(200)])),
  moods: shares,
  settings,
});
const sessionChange = z.strictObject({ moods: shares });

/**
 * Reads new moods in general.
 * @throws Refusal that lists every unknown name.
 */
export function readMoodChange(body: unknown): {
  seed: string | undefined;
  moods: Shares;
  settings: Partial<MoodSettings>;
} {
  const given = readParameters(generalChange, body);
  refuseUnknown('setting', Object.keys(given.settings), settingNames);
  const settings = Object.fromEntries(
    Object.entries(given.settings).filter(([, value]) => value !== undefined),
  );
  return { seed: given.seed, moods: toShares(given.moods), settings };
}

/**
 * Reads new moods of one session.
 * @throws Refusal that lists every unknown name.
 */
export function readSessionMoods(body: unknown): Shares {
  return toShares(readParameters(sessionChange, body).moods);
}

function toShares(given: Record<string, number | undefined>): Shares {
  refuseUnknown('mood', Object.keys(given), moodNames);
  const shares: Shares = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  for (const [group, moods] of Object.entries(moodGroups)) {
    const sum = moods.reduce((total, mood) => total + (shares[mood] ?? 0), 0);
    // A little above, because 0.1 ten times is not quite 1 to a computer.
    if (sum <= 1 + 1e-9) continue;
    throw invalidRequest(`The shares of the ${group} moods add up to ${sum}; 1 is all there is.`, {
      param: 'moods',
    });
  }
  return shares;
}

function refuseUnknown(kind: string, given: string[], known: readonly string[]): void {
  const unknown = given.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw invalidRequest(
    `${unknown.map((name) => `Unknown ${kind}: ${name}.`).join(' ')} There are: ${known.join(', ')}.`,
    { code: 'parameter_unknown', param: `${kind}s[${unknown[0]}]` },
  );
}
