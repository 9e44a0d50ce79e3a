import pg from 'pg';
import { expect, test } from 'vitest';
import { readPostgresAddress } from './postgres-address.ts';

function read(text: string) {
  const address = readPostgresAddress(text);
  return 'url' in address ? address.url : `fault: ${address.fault}`;
}

/** The address as pg reads it. */
function parameters(text: string) {
  const { host, port, user, password, database, ssl } = new pg.Client({ connectionString: read(text) });
  return { host, port, user, password, database, ssl };
}

test.each([
  ['postgres://localhost/holdfast', 'postgres://localhost/holdfast'],
  ['postgresql://u:p@db.example:6543/shop', 'postgres://u:p@db.example:6543/shop'],
  ['postgres://u:p@/shop?host=/var/run/postgresql', 'postgres://u:p@%2Fvar%2Frun%2Fpostgresql/shop'],
  ['postgres:///shop?host=/tmp&user=u&port=5433', 'postgres://u@%2Ftmp:5433/shop'],
  ['postgresql://%2Fvar%2Flib%2Fpg/shop', 'postgres://%2Fvar%2Flib%2Fpg/shop'],
  [
    'postgres://u@/shop?host=/cloudsql/project:europe:main',
    'postgres://u@%2Fcloudsql%2Fproject%3Aeurope%3Amain/shop',
  ],
  ['postgres:///shop', 'postgres://localhost/shop'],
  ['postgres://shop@db', 'postgres://shop@db/shop'],
  ['postgresql://[2001:db8::1]:5433/shop', 'postgres://[2001:db8::1]:5433/shop'],
  ['postgres://u:p#w?d@db/shop', 'postgres://u:p%23w%3Fd@db/shop'],
  ['postgres://u:p%40w%2Fd@db/shop', 'postgres://u:p%40w%2Fd@db/shop'],
  ['host=db.example port=5433 dbname=shop user=u password=p', 'postgres://u:p@db.example:5433/shop'],
  [
    `host=/tmp dbname='my shop' user=u password='it\\'s \\\\ here'`,
    `postgres://u:it's%20%5C%20here@%2Ftmp/my%20shop`,
  ],
  [
    'postgres://u:p@db/shop?application_name=x&connect_timeout=10&channel_binding=require',
    'postgres://u:p@db/shop',
  ],
  [
    'postgres://u:p@pooler.example:6543/shop?pgbouncer=true&connection_limit=1',
    'postgres://u:p@pooler.example:6543/shop',
  ],
  ['postgres://u:p@db/shop?gssencmode=disable&ssl_min_protocol_version=TLSv1.2', 'postgres://u:p@db/shop'],
  ['postgres://u:p@db/shop?ssl=require', 'postgres://u:p@db/shop?sslmode=no-verify'],
  ['postgres://u:p@db/shop?host=::1', 'postgres://u:p@[::1]/shop'],
  ['postgres:///shop?host=@abstract', 'postgres://%40abstract/shop'],
  ['postgres://db/shop?user=u@server&password=p', 'postgres://u%40server:p@db/shop'],
  ['postgres://:p@db/shop', 'postgres://:p@db/shop'],
  ['postgres://u:p@db/shop?options=endpoint%3Dab', 'postgres://u:p@db/shop?options=endpoint%3Dab'],
])('%s is read', (text, url) => {
  expect(read(text)).toBe(url);
  expect(read(url)).toBe(url);
});

test.each([
  ['disable', false],
  ['prefer', { rejectUnauthorized: false }],
  ['require', { rejectUnauthorized: false }],
  ['verify-full', {}],
  ['no-verify', { rejectUnauthorized: false }],
])('sslmode=%s encrypts as libpq does, or more', (mode, ssl) => {
  expect(parameters(`postgres://u:p@db.example/shop?sslmode=${mode}`).ssl).toEqual(ssl);
});

test('on this machine, prefer and allow do not encrypt, as no mode', () => {
  for (const mode of ['prefer', 'allow'])
    expect(parameters(`postgres://u:p@localhost/shop?sslmode=${mode}`).ssl).toBe(false);
  expect(read('postgres://u:p@localhost/shop')).not.toContain('ssl');
});

test('the roots of the system check the certificate and the name', () => {
  expect(parameters('postgres://u:p@db/shop?sslmode=verify-full&sslrootcert=system').ssl).toEqual({});
  expect(parameters('postgres://u:p@db/shop?ssl=true').ssl).toEqual({});
});

test('a socket, a password and a name with any character reach pg as they were meant', () => {
  const strange = `ä @:/?#[]%&=+'"\\`;
  const text = `postgres://u:${encodeURIComponent(strange)}@/my%20%22sh%C3%B6p%22?host=/a b`;
  expect(parameters(text)).toMatchObject({ host: '/a b', password: strange, database: 'my "shöp"' });
});

test.each([
  ['mysql://u:hush@db/shop', 'begins with postgres://'],
  ['db.example/shop', 'begins with postgres://'],
  ['postgres://u:hush@h1,h2/shop', 'names several hosts'],
  ['postgres://u:hush@/shop?host=h1,h2', 'names several hosts'],
  ['postgres://u:hu@sh@db/shop', 'has several @'],
  ['postgres://u:hush%@db/shop', 'has a %'],
  ['postgres://u:hush@db:port/shop', 'has a port'],
  ['postgres://u:hush@db:70000/shop', 'has a port'],
  ['postgres://db', 'names no database'],
  ['postgres://u:hush@db/a/b', 'has a database whose name'],
  ['postgres://u:hush@db/shop?sslmod=require', 'has the parameter sslmod'],
  ['postgres://u:hush@db/shop?sslmode=required', 'has sslmode=required'],
  ['postgres://u:hush@db/shop?client_encoding=latin1', 'has client_encoding=latin1'],
  ['postgres://u:hush@db/shop?target_session_attrs=read-only', 'has target_session_attrs=read-only'],
  ['postgres://u:hush@db/shop?service=x', 'names a service'],
  ['service=x', 'names a service'],
  ['host=db password=hush passfile=/etc/pgpass', 'names a file of passwords'],
  ['postgres://u:12/hush@db/shop', 'has an @ behind the first /'],
  ['postgres://u:12/x?hush@db/shop', 'has a parameter, which'],
  ['postgres://u:hush%00@db/shop', 'has a %00'],
  ['postgres://u:hush@db/shop?gssencmode=require', 'has gssencmode=require'],
  ['postgres://u:hush@db/shop?ssl_min_protocol_version=TLSv1.3', 'has ssl_min_protocol_version=TLSv1.3'],
  ['postgres://u:hush@[fe80::1%25eth0]/shop', 'has a host that is neither'],
  ['host=db dbname', 'is not name=value'],
  ["host=db password='hush", 'is not name=value'],
])('%s is refused without its password', (text, fault) => {
  expect(read(text)).toContain(`fault: ${fault.startsWith('is not') ? 'has something that ' : ''}${fault}`);
  expect(read(text)).not.toMatch(/hu@?sh/);
});
