import { z } from 'zod';
import { invalidRequest, type Refusal } from './errors.ts';

/** Text of 1 to `max` characters. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    // Postgres keeps no NUL character.
    .refine((value) => !value.includes('\0'), 'Contains a NUL character');

/** A whole number, sent as text in a form and as a number in JSON. */
export const integer = (min: number, max: number) =>
  z
    .union([z.string(), z.number()])
    .transform(String)
    .refine((value) => /^-?\d{1,12}$/.test(value), {
      error: (issue) => `Invalid integer: ${String(issue.input)}`,
      params: { code: 'parameter_invalid_integer' },
      abort: true,
    })
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** Names and values that the client keeps with an object. */
export const metadata = z
  .record(text(40), text(500))
  .refine((given) => Object.keys(given).length <= 50, 'At most 50 keys')
  .default({});

/** Which of the allowed references the caller wants as whole objects. */
export const expand = <Name extends string>(...names: Name[]) =>
  z.array(z.enum(names, 'This property cannot be expanded')).max(20).default([]);

/**
 * Reads parameters in Stripe's names.
 * @throws Refusal that says in Stripe's words what is wrong with the first wrong one.
 */
export function readParameters<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given ?? {});
  if (!parsed.success) throw refusalOf(parsed.error.issues, given);
  return parsed.data;
}

function refusalOf([issue]: z.core.$ZodIssue[], given: unknown): Refusal {
  if (issue === undefined) throw new Error('A refusal without a reason');
  if (issue.code === 'unrecognized_keys') {
    const param = parameterName([...issue.path, issue.keys[0] ?? '']);
    return invalidRequest(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
  }
  const param = parameterName(issue.path);
  if (valueAt(given, issue.path) === undefined) {
    return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }
  const code = issue.code === 'custom' ? issue.params?.['code'] : undefined;
  return invalidRequest(issue.message, { code: String(code ?? 'parameter_invalid'), param });
}

/** `line_items[0][quantity]`, as it was sent. */
function parameterName(path: readonly PropertyKey[]): string {
  return path.map((key, index) => (index === 0 ? String(key) : `[${String(key)}]`)).join('');
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    given,
  );
}
