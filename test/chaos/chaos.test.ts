// @module-tag slow
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { faultTimes, providerFaults } from '../money/plan.ts';
import { messageId, setFaults, untilFinished } from '../money/verify.ts';
import { waitFor } from '../support/wait.ts';
import { findViolations, Observer } from './check.ts';
import { Clients } from './clients.ts';
import { laneOf, runLane } from './faults.ts';
import { Dice, type FaultName, lengthOf, planFaults, quotasOf } from './plan.ts';
import { openWorld, runningHosts, type World } from './world.ts';

// Hosts, networks, both Postgres servers and the payment service fail at random while buyers and operators act; then nothing may be
// lost, doubled or late. CHAOS_SEED repeats what is asked and which faults come in which order, when, and to whom. It cannot repeat how
// the processes interleave: a violation may need several runs of its seed. A run in which a fault came too rarely is void, not passed.

const { CHAOS: lengthName = 'small', CHAOS_SEED: seed = randomBytes(4).toString('hex') } = process.env;
const length = lengthOf(lengthName);

// Below it, the buyers met nothing but errors, and nothing was tested.
const paidAtLeast = 0.3;
// The buyers stop there even if the payment service injected too few faults.
const checkoutsMax = 3;
const folder = 'test-results';

const reconcileSeconds = 5;
const settings = {
  HOLD_SECONDS: String(length.holdSeconds),
  DISPATCH_SECONDS: '0.5',
  PAYMENT_TIMEOUT_SECONDS: '1',
  PAYMENT_RETRIES: '5',
  PAYMENT_RETRY_SECONDS: '0.1',
  REFUND_RETRY_SECONDS: '0.02',
  EMAIL_RETRIES: '8',
  EMAIL_RETRY_SECONDS: '0.5',
  RECONCILE_SECONDS: String(reconcileSeconds),
};

test(`chaos of the length ${lengthName} with the seed ${seed}`, { timeout: 7_200_000 }, async () => {
  const startedAt = performance.now();
  console.info(`Chaos begins: CHAOS=${lengthName} CHAOS_SEED=${seed}`);
  const world = await openWorld({
    network: length.network,
    settings,
    chance: new Dice(seed, 'balancer').chance,
  });
  try {
    await setFaults(world, { seed, faults: providerFaults, settings: faultTimes });
    const run = await runChaos(world);
    const violations = [...run.observer.violations, ...run.clients.failures];
    violations.push(...(await findViolations(world, run.clients.history, reconcileSeconds)));
    const unmet = unmetQuotas(run);
    report(world, run, { startedAt, violations, unmet });
    expect(violations, `violations with the seed ${seed}`).toEqual([]);
    expect(unmet, `quotas that the run with the seed ${seed} did not meet: it is void`).toEqual([]);
  } finally {
    log(world.hosts.map(({ output, options }) => `${options.name} printed:\n${output}`).join('\n'));
    await world.close();
  }
});

interface Run {
  readonly clients: Clients;
  readonly observer: Observer;
  readonly took: Map<FaultName, number>;
  readonly providerHits: Readonly<Record<string, number>>;
  /** Checkouts that were paid. */
  readonly paid: number;
}

async function runChaos(world: World): Promise<Run> {
  const took = new Map<FaultName, number>();
  const clients = new Clients(world, seed, length, new Dice(seed, 'clients'));
  const observer = await Observer.start(world.database);
  let faultsAreOver = false;
  let hits: Record<string, number> = {};
  const isEnough = (): boolean =>
    clients.begun >= checkoutsMax * length.checkouts ||
    (faultsAreOver &&
      clients.begun >= length.checkouts &&
      Object.keys(providerFaults).every((fault) => (hits[fault] ?? 0) >= length.providerHits));
  const lanes = [...planFaults(seed, length, laneOf).values()].map((lane) =>
    runLane(lane, { world, length }, (name, isTaken, seconds) => {
      log(`${name}: ${isTaken ? 'took place' : 'did not take place'}, ${seconds.toFixed(1)} s`);
      if (isTaken) took.set(name, (took.get(name) ?? 0) + 1);
    }),
  );
  const buying = clients.run(isEnough);
  await Promise.all(lanes);
  faultsAreOver = true;
  while (!isEnough()) hits = await waitFor('hits', () => readHits(world), Boolean);
  // The time for everything that is due begins when all hosts answer.
  await Promise.all(runningHosts(world).map((host) => host.ready()));
  await setFaults(world, { faults: {} });
  log('the faults are over');
  observer.faultsEnded();
  await buying;
  log('the buyers are done');
  await untilFinished(world);
  await observer.end(world.interruptions);
  const paid = await world.database('orders').whereIn('status', ['dispatched', 'refunded']).pluck('order_id');
  return { clients, observer, took, providerHits: await readHits(world), paid: paid.length };
}

async function readHits({ paymentUrl }: World): Promise<Record<string, number>> {
  const answer = await fetch(`${paymentUrl}/control/faults`);
  return ((await answer.json()) as { hits: Record<string, number> }).hits;
}

function unmetQuotas({ took, clients, observer, providerHits, paid }: Run): string[] {
  const needed: [string, number, number][] = [
    ...quotasOf(length).map(([name, quota]): [string, number, number] => [name, took.get(name) ?? 0, quota]),
    ...Object.keys(providerFaults).map((name): [string, number, number] => [
      name,
      providerHits[name] ?? 0,
      length.providerHits,
    ]),
    ['checkouts', clients.begun, length.checkouts],
    ['checkouts that were paid', paid, paidAtLeast * clients.begun],
    ['observations', observer.observations, length.seconds / 2],
  ];
  return needed
    .filter(([, number, quota]) => number < quota)
    .map(([name, number, quota]) => `${name}: ${number} of ${quota}`);
}

function report(
  world: World,
  { clients, observer, took, providerHits, paid }: Run,
  { startedAt, violations, unmet }: { startedAt: number; violations: string[]; unmet: string[] },
): void {
  const outcomes: Record<string, number> = {};
  for (const { outcome } of clients.history) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const faults = quotasOf(length).map(
    ([name, quota]) => `  ${name.padEnd(32)}${String(took.get(name) ?? 0).padStart(5)} of ${quota}`,
  );
  const hits = Object.entries(providerHits).map(
    ([name, number]) => `  ${name.padEnd(32)}${String(number).padStart(5)} of ${length.providerHits}`,
  );
  const repeated = world.mail.received.length - new Set(world.mail.received.map(messageId)).size;
  const verdict = violations.length > 0 ? 'BROKEN' : unmet.length > 0 ? 'VOID' : 'KEPT';
  const text = `Chaos: CHAOS=${lengthName} CHAOS_SEED=${seed}, hosts in ${world.networks.kind}
${[...faults, ...hits].join('\n')}
  checkouts ${clients.begun} of ${length.checkouts}, of which paid ${paid}; requests ${JSON.stringify(outcomes)}
  observations ${observer.observations}; longest due after the last fault ${observer.longestDueSeconds.toFixed(1)} s
  e-mails ${world.mail.received.length}, of which repeated under the same Message-ID ${repeated}
  duration ${Math.round((performance.now() - startedAt) / 1000)} s; verdict ${verdict}`;
  console.info(text);
  log(text);
  for (const line of [...violations, ...unmet]) log(line);
  const history = clients.history.map((operation) => JSON.stringify(operation)).join('\n');
  writeFileSync(`${folder}/chaos-${seed}-history.jsonl`, history);
}

/** Appends to the log of the run. */
function log(text: string): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(`${folder}/chaos-${seed}.log`, `${new Date().toISOString()} ${text}\n`);
}
