import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { projectFolder } from './shared/program.ts';

// The settings that say whose shop it is. They show on pages, messages, receipts and the local payment page.

const longestName = 100;
const longestLine = 300;
const mostLines = 8;

// They would reverse the text that follows on the same line. Letters of right-to-left scripts need none of them.
const directionMarks = /[\u202A-\u202E\u2066-\u2069]/;

const line = z
  .string()
  .min(1)
  .max(longestLine, `has more than ${longestLine} characters in a line; shorten it`)
  .refine(
    (text) => !directionMarks.test(text),
    'has an invisible character that changes the direction of a text; remove it',
  );

/** The settings of the shop's identity, as a part of all settings. */
export const identitySettings = {
  SHOP_NAME: line.max(longestName, `has more than ${longestName} characters; shorten it`).default('Holdfast'),
  SHOP_ADDRESS: z
    .string()
    .transform((text) => text.split('|').map((one) => one.trim()))
    .pipe(
      z
        .array(line.min(1, 'has an empty line; write lines with | between them, as in 1 Quay | Harbour Town'))
        .max(mostLines, `has more than ${mostLines} lines; join some`),
    )
    .optional(),
  SHOP_EMAIL: z
    .email('is an address without a name, such as hello@shop.example')
    .max(longestLine, 'is too long')
    .optional(),
  SHOP_PHONE: z
    .string()
    .regex(/^\+?(?=.*\d)[\d ()./-]{3,40}$/, 'is a number such as +44 20 7946 0018')
    .optional(),
  SHOP_TAX_NUMBER: line.optional(),
  SHOP_PAGES_DIR: z.string().optional(),
};

type IdentityEnvironment = z.infer<z.ZodObject<typeof identitySettings>>;

/** Whose shop it is. An undefined value was not set, and shows nowhere. */
export interface IdentityConfig {
  readonly name: string;
  /** The postal address, line by line. */
  readonly addressLines: readonly string[];
  readonly email: string | undefined;
  readonly phone: string | undefined;
  readonly taxNumber: string | undefined;
  /** The folder of the shop's own pages, such as its terms; undefined when there are none. */
  readonly pagesDir: string | undefined;
}

/** The identity of a shop. A demonstration has an address and pages that say what it is; production has only what was set. */
export function identityConfig(env: IdentityEnvironment, production: boolean): IdentityConfig {
  const sample = production ? {} : demonstration;
  return Object.freeze({
    name: env.SHOP_NAME,
    addressLines: Object.freeze(env.SHOP_ADDRESS ?? sample.addressLines ?? []),
    email: env.SHOP_EMAIL ?? sample.email,
    phone: env.SHOP_PHONE,
    taxNumber: env.SHOP_TAX_NUMBER,
    pagesDir: env.SHOP_PAGES_DIR ?? sample.pagesDir,
  });
}

const demonstration: Partial<IdentityConfig> = {
  addressLines: ['1 Demonstration Quay', 'Harbour Town'],
  email: 'hello@shop.example',
  pagesDir: fileURLToPath(new URL('public/pages', projectFolder)),
};

/** The pages that a shop may write itself, in the order in which they are listed. */
const shopPageNames = ['terms', 'returns', 'privacy', 'imprint'] as const;

type ShopPageName = (typeof shopPageNames)[number];

const largestPageBytes = 64 * 1024;

/**
 * Reads the shop's own pages, each from a Markdown file of its name such as `terms.md`. A missing file is no fault, unless all are.
 * @returns the texts, and what is wrong with the folder or a file as the setting's name, a colon, and what to do
 */
export function readShopPages(folder: string): {
  readonly texts: readonly { readonly name: ShopPageName; readonly text: string }[];
  readonly faults: string[];
} {
  const setting = 'SHOP_PAGES_DIR';
  const files = shopPageNames.map((name) => `${name}.md`);
  try {
    const found = readdirSync(folder);
    const read = shopPageNames
      .filter((name) => found.includes(`${name}.md`))
      .map((name) => ({ name, ...readPage(path.join(folder, `${name}.md`)) }));
    const none = `${setting}: ${folder} has none of the files ${files.join(', ')}. Add one, or remove the setting`;
    return {
      texts: read.flatMap(({ name, text }) => (text === undefined ? [] : [{ name, text }])),
      faults: [
        ...(read.length === 0 ? [none] : []),
        ...read.flatMap(({ name, fault }) =>
          fault === undefined ? [] : [`${setting}: ${name}.md ${fault}`],
        ),
      ],
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      texts: [],
      faults: [`${setting}: ${folder} cannot be read (${code}). Set it to a folder with ${files.join(', ')}`],
    };
  }
}

function readPage(file: string): { readonly text?: string; readonly fault?: string } {
  try {
    const found = statSync(file);
    if (!found.isFile()) return { fault: 'is no file; replace it by one' };
    if (found.size > largestPageBytes)
      return { fault: `has more than ${largestPageBytes / 1024} KB; shorten it` };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)).trim();
    return text === '' ? { fault: 'is empty; write it, or remove it' } : { text };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
      ? { fault: 'is not in UTF-8; save it as that' }
      : { fault: `cannot be read (${code}); make it a readable file` };
  }
}

/** The settings and files that a buyer would miss, and that the laws of most countries require from a seller. */
export function missingIdentity({ addressLines, email, pagesDir }: IdentityConfig): string[] {
  const pages = pagesDir === undefined ? [] : readShopPages(pagesDir).texts.map(({ name }) => name);
  return [
    ...(addressLines.length === 0 ? ['SHOP_ADDRESS'] : []),
    ...(email === undefined ? ['SHOP_EMAIL'] : []),
    ...(pagesDir === undefined
      ? ['SHOP_PAGES_DIR']
      : shopPageNames.filter((name) => !pages.includes(name)).map((name) => `${name}.md`)),
  ];
}
