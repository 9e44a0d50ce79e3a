import { writeSync } from 'node:fs';
import http from 'node:http';
import pg from 'pg';

// Loaded in front of a real process (`node --import`), so that production code stays free of test switches. It follows
// what the process sends to Postgres and to the payment provider, gives each commit and each call a name, and kills the
// process, as by kill -9, at the one point it is armed with:
//
//   before the commit of …   instead of sending the commit
//   after the commit of …    when its answer has come, before anything else runs
//   before the call that …   instead of sending the request to the provider
//   after the call that …    when the answer has come, before the process handles it
//
// Armed by CRASH_AT from the start, or by the message `{ crashAt }` while it runs.

let armed = process.env.CRASH_AT;

process.on('message', (message) => {
  if (message?.crashAt === undefined) return;
  armed = message.crashAt;
  process.send({ armed });
});

// A test run that dies must not leave processes behind.
process.on('disconnect', () => process.exit(1));

/** Dies here if one of the names is the point. */
function crashIfArmed(when, names) {
  if (!names.some((name) => `${when} ${name}` === armed)) return;
  writeSync(process.stderr.fd, `crash point: ${armed}\n`);
  process.kill(process.pid, 'SIGKILL');
}

const workflowOf = (workflowId) => workflowId.split('-', 1)[0];

// A transaction is named by its writes: the statement, and the names that it and its values give the commit.
const writes = [
  [/^INSERT INTO "dbos"\.workflow_status/, (values) => [`start of ${values[2]}`]],
  [/^INSERT INTO "dbos"\.operation_outputs/, (values) => [values[4]]],
  [/^INSERT INTO "dbos"\.workflow_output/, (values) => [`end of ${workflowOf(values[0])}`]],
  [
    /^UPDATE "dbos"\.workflow_status\s.*recovery_attempts = recovery_attempts \+ 1/s,
    (values) => values[4].map((id) => `claim of ${workflowOf(id)}`),
  ],
  [/^insert into payment_events|^with read as materialized .*insert into payment_events/s, () => ['webhook']],
  [/^with refund as \(\s*insert into refunds/, () => ['promise of a refund']],
  [/^insert into order_history .*'paid_late'/, () => ['late payment']],
  [
    /^insert into order_history \(order_id, what\) select \S+ 'change_asked'/,
    () => ['beginning of a change'],
  ],
  [/^insert into order_history .*'changed'/s, () => ['change']],
  [/^insert into sessions/, () => ['new session']],
  [/^insert into charges/, () => ['charge']],
  [/^insert into events/, (values) => [values.includes('checkout.session.expired') ? 'expiry' : 'event']],
];

// Statements that are a commit of their own. Polls send the same statement without work to do, so a row must match.
const lonelyWrites = [
  [/^with orphan as \(.*queue_name = coalesce/s, 'take-over'],
  [/^UPDATE "dbos"\.workflow_status\s.*delay_until_epoch_ms <= /s, 'start of dispatch'],
  [/^update events set attempts = attempts \+ 1/, 'claim of event'],
  [/^with delivered as \(\s*update events set copies/, 'note of delivery'],
  [/^with held as materialized .*insert into orders/s, 'placeOrder'],
  [/^with line as \(.*insert into orders/s, 'refusal'],
  [/^with opened as \(\s*update payments/, 'recordSession'],
  [/^with read as materialized .*insert into payment_events/s, 'webhook'],
];

const openTransactions = new WeakMap();

/** Follows a connection. Returns the names of the commit that this statement makes; none for all others. */
function commitOf(client, text, values) {
  const sql = text.trimStart();
  const open = openTransactions.get(client);
  if (/^BEGIN\b/i.test(sql)) openTransactions.set(client, []);
  else if (/^(COMMIT|ROLLBACK)\b/i.test(sql)) openTransactions.delete(client);
  else if (open) {
    for (const [pattern, names] of writes) if (pattern.test(sql)) open.push(...names(values));
  }
  const names = /^COMMIT\b/i.test(sql) ? open : lonelyCommit(open, sql);
  return (names ?? []).map((name) => `the commit of ${name}`);
}

function lonelyCommit(open, sql) {
  if (open) return [];
  return lonelyWrites.filter(([pattern]) => pattern.test(sql)).map(([, name]) => name);
}

const isDone = (result) => result.command === 'COMMIT' || result.rowCount > 0;

const { query } = pg.Client.prototype;

// Comes with a callback from knex and from a pool, and gives a promise to everybody else.
pg.Client.prototype.query = function queryWithCrashPoints(...args) {
  const [first, second] = args;
  const text = typeof first === 'string' ? first : first.text;
  const values = Array.isArray(second) ? second : (first.values ?? []);
  const names = commitOf(this, text, values);
  if (names.length === 0) return query.apply(this, args);

  crashIfArmed('before', names);
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    const watched = (error, result) => {
      if (!error && isDone(result)) crashIfArmed('after', names);
      callback(error, result);
    };
    return query.apply(this, [...args.slice(0, -1), watched]);
  }
  return query.apply(this, args).then((result) => {
    if (isDone(result)) crashIfArmed('after', names);
    return result;
  });
};

const calls = [
  [/^POST \/v1\/checkout\/sessions$/, 'the call that creates the session'],
  [/^GET \/v1\/checkout\/sessions\/\w+(\?|$)/, 'the call that asks for the session'],
  [/^POST \/v1\/checkout\/sessions\/\w+\/expire$/, 'the call that expires the session'],
  [/^POST \/v1\/refunds$/, 'the call that pays back'],
];

const { request } = http;

// The provider's client calls through this object.
http.request = function requestWithCrashPoints(...args) {
  const { method, path } = args[0];
  const names = calls.filter(([pattern]) => pattern.test(`${method} ${path}`)).map(([, name]) => name);
  crashIfArmed('before', names);
  const sent = request.apply(this, args);
  if (names.length > 0) sent.once('response', () => crashIfArmed('after', names));
  return sent;
};
