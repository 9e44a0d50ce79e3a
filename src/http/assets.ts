import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The files that pages are made with: style, scripts, pictures. */
export interface Assets {
  readonly folder: string;
  /** What stands before the path of every file: it names the content of all of them, so each may be kept for ever. */
  readonly prefix: string;
  /**
   * The address of a file; what is none of ours stays as it is. Pages show files of this host alone: the Content-Security-Policy
   * lets no other one see who looks at what.
   */
  readonly address: (file: string) => string;
}

const plainPrefix = '/assets/';
const digits = 12;

/** Reads every file of `folder` once. One name for all of them keeps the relative addresses between them intact. */
export function readAssets(folder: string): Assets {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  for (const file of files.toSorted()) hash.update(path.relative(folder, file)).update(readFileSync(file));
  const prefix = `${plainPrefix}${hash.digest('hex').slice(0, digits)}/`;
  return {
    folder,
    prefix,
    address: (file) => (file.startsWith(plainPrefix) ? prefix + file.slice(plainPrefix.length) : file),
  };
}
