// The addresses of a Postgres that libpq and the providers of databases write (libpq docs, "Connection Strings"), and the one form that
// every client here reads in the same way.

/** An address in the one form, or why there is none. */
export type PostgresAddress = { readonly url: string } | { readonly fault: string };

interface Parts {
  host: string;
  port: string;
  user: string;
  password: string;
  database: string;
  readonly parameters: Map<string, string>;
}

/**
 * Reads `postgres://…`, `postgresql://…` or `host=… dbname=…`, with a host name, an IPv6 address or the folder of a socket.
 * @returns `postgres://user:password@host:port/database`, percent-encoded, with the parameters that the clients here understand; the
 *   fault never contains the password
 */
export function readPostgresAddress(text: string): PostgresAddress {
  const parts = /^\s*\w+\s*=/.test(text) ? readPairs(text) : readUrl(text);
  if (typeof parts === 'string') return { fault: parts };
  const fault = faultIn(parts);
  if (fault) return fault;
  const url = write(parts);
  return URL.canParse(url) ? { url } : { fault: 'has a host that is neither a name nor an address' };
}

/** Reads a URL by the rules of libpq: a user, a password or a database may contain characters that end a part of other URLs. */
function readUrl(text: string): Parts | string {
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text) ?? [];
  if (rest === undefined)
    return 'begins with postgres:// or postgresql://, without quotes, or consists of host=… dbname=…';
  const [, userinfo, address = ''] = /^([^@/]*)@(.*)$/s.exec(rest) ?? [undefined, undefined, rest];
  const [, authority = '', path = '', query = ''] =
    /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(address) ?? [];
  if (authority.includes('@')) return 'has several @. In a password, write %40 for it';
  if (userinfo === undefined && path.includes('@'))
    return 'has an @ behind the first /. In a password, write %2F for / and %40 for @';
  if (authority.includes(',')) return severalHosts;
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  const [, user = '', password = ''] = /^([^:]*)(?::(.*))?$/s.exec(userinfo ?? '') ?? [];
  const parameters = new Map<string, string>();
  try {
    for (const pair of query.split('&').filter(Boolean)) {
      const [, name = '', value] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
      parameters.set(decodeURIComponent(name), decodeURIComponent(value ?? ''));
    }
    // As in libpq: its values end there.
    if (rest.includes('%00')) return 'has a %00';
    return named({
      host: decodeURIComponent(host).replace(/^\[(.*)\]$/, '$1'),
      port,
      user: decodeURIComponent(user),
      password: decodeURIComponent(password),
      database: decodeURIComponent(path),
      parameters,
    });
  } catch {
    return 'has a % that two hexadecimal digits do not follow. In a password, write %25 for it';
  }
}

/** Reads `name=value` pairs; a value with spaces is in single quotes, in which a backslash goes before a quote or a backslash. */
function readPairs(text: string): Parts | string {
  const parameters = new Map<string, string>();
  for (let rest = text.trim(); rest !== ''; ) {
    const [matched, name, quoted, plain = ''] =
      /^(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?:\s+|$)/s.exec(rest) ?? [];
    if (matched === undefined || name === undefined)
      return 'has something that is not name=value. Put a value with spaces into single quotes';
    parameters.set(name, (quoted ?? plain).replaceAll(/\\(.)/gs, '$1'));
    rest = rest.slice(matched.length);
  }
  return named({ host: '', port: '', user: '', password: '', database: '', parameters });
}

/** Moves the parameters that are parts of the address. A parameter wins, as in libpq. */
function named(parts: Parts): Parts | string {
  const take = (name: string): string | undefined => {
    const value = parts.parameters.get(name);
    parts.parameters.delete(name);
    return value;
  };
  const address = take('hostaddr');
  const moved = {
    // The certificate of the server is for its name.
    host: take('host') ?? (parts.host || address) ?? '',
    port: take('port') ?? parts.port,
    user: take('user') ?? parts.user,
    password: take('password') ?? parts.password,
    database: take('dbname') ?? parts.database,
    parameters: parts.parameters,
  };
  return { ...moved, database: moved.database === '' ? moved.user : moved.database };
}

const severalHosts =
  'names several hosts. The shop takes one: the address that moves to the new primary (docs/OPERATING.md, "When something is away")';

// Our own clients decide these, or they do not matter for a server that the shop can use.
const ignored = new Set(
  `application_name fallback_application_name connect_timeout channel_binding gssdelegation gsslib krbsrvname keepalives
  keepalives_idle keepalives_interval keepalives_count tcp_user_timeout load_balance_hosts sslcompression sslsni require_auth
  min_protocol_version max_protocol_version`.split(/\s+/),
);
// Other clients read these; providers append them to their addresses.
const foreign = new Set([
  'uselibpqcompat',
  'pgbouncer',
  'connection_limit',
  'pool',
  'pool_timeout',
  'prepared_statements',
  'socket_timeout',
  'statement_cache_size',
  'supa',
  'workaround',
]);
const passedOn = new Set(['options', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation']);
const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
// Names of libpq, or of other clients, for values that only one of them may have.
const fixed: Readonly<Record<string, readonly string[]>> = {
  client_encoding: ['utf8', 'utf-8', 'auto', 'unicode'],
  target_session_attrs: ['any', 'read-write', 'primary'],
  gssencmode: ['disable', 'prefer'],
  schema: ['public'],
  ssl: ['true', '1', 'false', '0', ...sslModes],
  sslmode: sslModes,
  // Node takes these as they are, and no older one than 1.2.
  ssl_min_protocol_version: ['tlsv1', 'tlsv1.1', 'tlsv1.2'],
  ssl_max_protocol_version: ['tlsv1.3'],
};
/** Parameters that name a file with settings, which only libpq reads. */
const files: Readonly<Record<string, string>> = {
  service: 'names a service. Write its settings from pg_service.conf into this address',
  passfile: 'names a file of passwords. Write the password into this address',
};

function faultIn({ host, port, database, parameters }: Parts): { fault: string } | undefined {
  for (const [name, fault] of Object.entries(files)) if (parameters.has(name)) return { fault };
  if (parameters.get('sslmode') === 'verify-ca' && !parameters.has('sslrootcert'))
    return { fault: 'has sslmode=verify-ca without sslrootcert=/path/ca.pem' };
  if (host.includes(',') || port.includes(',')) return { fault: severalHosts };
  if (port !== '' && !(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536))
    return { fault: 'has a port that is not a number from 1 to 65535' };
  if (!host.startsWith('/') && /\s/.test(host)) return { fault: 'has a host with white space' };
  if (database === '') return { fault: 'names no database' };
  // pg leaves these encoded in the name of a database (its `decodeURI`).
  if (/[;/?:@&=+$,#]/.test(database))
    return { fault: 'has a database whose name contains one of ; / ? : @ & = + $ , #' };
  for (const [name, value] of parameters) {
    const allowed = fixed[name];
    if (allowed && !allowed.includes(value.toLowerCase()))
      return { fault: `has ${name}=${value}, and the shop needs ${allowed.join(', ')}` };
    if (![ignored, foreign, passedOn].some((known) => known.has(name)) && !allowed)
      // Anything but a name may be a part of a password.
      return {
        fault: `has ${/^\w+$/.test(name) ? `the parameter ${name}` : 'a parameter'}, which the shop does not know`,
      };
  }
  return undefined;
}

function write({ host, port, user, password, database, parameters }: Parts): string {
  const query = new URLSearchParams();
  for (const [name, value] of parameters) if (passedOn.has(name)) query.set(name, value);
  for (const [name, value] of sslOf(host, parameters)) {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const place =
    host.includes(':') && !host.startsWith('/')
      ? `[${host}]`
      : encodeURIComponent(host === '' ? 'localhost' : host);
  const secret = password === '' ? '' : `:${encode(password)}`;
  const who = user === '' && secret === '' ? '' : `${encode(user)}${secret}@`;
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  return `postgres://${who}${place}${port === '' ? '' : `:${port}`}/${encode(database)}${search}`;
}

/**
 * The parameters of TLS, by which pg does what libpq does: `require` encrypts, and checks the certificate only against a root that is
 * given. `prefer` and `allow` would leave it to the server whether the password travels encrypted: beyond this machine they encrypt.
 */
function sslOf(host: string, parameters: ReadonlyMap<string, string>): [string, string | undefined][] {
  const root = parameters.get('sslrootcert');
  const given = parameters.get('sslmode')?.toLowerCase() ?? modeOfSsl(parameters.get('ssl')?.toLowerCase());
  // The certificates that this system trusts (libpq 16).
  if (root === 'system') {
    return [
      ['sslrootcert', undefined],
      ['sslmode', 'verify-full'],
    ];
  }
  if (given === undefined) return root === undefined ? [] : [['sslmode', 'verify-full']];
  const isHere = host === '' || host.startsWith('/') || /^(localhost|127\.|::1$)/.test(host);
  const wanted = given === 'prefer' || given === 'allow' ? (isHere ? 'disable' : 'require') : given;
  if (wanted === 'require' && root === undefined) return [['sslmode', 'no-verify']];
  if (wanted === 'require' || wanted === 'verify-ca') {
    return [
      ['sslmode', 'verify-ca'],
      ['uselibpqcompat', 'true'],
    ];
  }
  return [['sslmode', wanted]];
}

function modeOfSsl(ssl: string | undefined): string | undefined {
  if (ssl === undefined) return undefined;
  if (sslModes.includes(ssl)) return ssl;
  return ssl === 'true' || ssl === '1' ? 'verify-full' : 'disable';
}

function encode(text: string): string {
  return encodeURIComponent(text);
}

/** The name of a database for messages: its server and name, without user and password. */
export function nameOfDatabase(url: string): string {
  const { host, pathname } = new URL(url);
  return `The database ${decodeURIComponent(host)}${decodeURIComponent(pathname)}`;
}
