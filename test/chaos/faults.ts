import { setTimeout as pause } from 'node:timers/promises';
import { type Host, send } from './host.ts';
import type { Peer } from './network.ts';
import type { Dice, FaultName, Length, PlannedFault } from './plan.ts';
import { type Interruption, runningHosts, type World } from './world.ts';

/** The circumstances of one fault. */
interface Circumstances {
  readonly world: World;
  readonly dice: Dice;
  readonly length: Length;
}

interface Fault {
  /** Faults of one lane exclude each other. */
  readonly lane: 'processes' | 'frozen' | 'hosts' | 'servers' | 'networks';
  /** Begins it and ends it. Resolves to whether it took place. */
  readonly run: (circumstances: Circumstances) => Promise<boolean>;
}

const shortestMs = 5_000;
const backWithinMs = 60_000;

/** Every fault there is beside those that the payment service injects. */
const faults: Readonly<Record<FaultName, Fault>> = {
  'kill a shop process': {
    lane: 'processes',
    run: async ({ world, dice }) => {
      const shops = await dice.pick(runningHosts(world))?.shops();
      const victim = dice.pick(shops ?? []);
      return victim !== undefined && send(victim, 'SIGKILL');
    },
  },
  'kill the payment service': {
    lane: 'processes',
    run: async ({ world }) => {
      await world.provider.ready();
      await world.provider.kill();
      return true;
    },
  },
  'freeze a process': {
    lane: 'frozen',
    run: async ({ world, dice, length }) => {
      const host = dice.pick(runningHosts(world));
      const victim = dice.pick((await host?.shops()) ?? []);
      if (!host || victim === undefined || !send(victim, 'SIGSTOP')) return false;
      return interrupt(world, [host], async () => {
        await pause(atMost(length, dice));
        // False when it was killed meanwhile: then it was no freeze to recover from.
        return send(victim, 'SIGCONT');
      });
    },
  },
  'lose a host': {
    lane: 'hosts',
    run: async ({ world, dice }) => {
      const host = dice.pick(runningHosts(world));
      if (!host) return false;
      await host.lose();
      await pause(dice.between(0, 12_000));
      host.start();
      await untilBack(host);
      return true;
    },
  },
  'a host joins and leaves': {
    lane: 'hosts',
    run: async ({ world, dice, length }) => {
      const guest = world.hosts.at(-1);
      if (!guest) return false;
      guest.start(dice.pick(world.builds));
      await untilBack(guest);
      await pause(atMost(length, dice));
      await guest.leave();
      return true;
    },
  },
  'upgrade all hosts': {
    lane: 'hosts',
    run: async ({ world }) => {
      // Forth and back: both builds work on the newer schema.
      const build = world.builds.find((other) => other !== world.hosts[0]?.build);
      for (const host of runningHosts(world)) {
        await host.leave();
        host.start(build);
        await untilBack(host);
      }
      return true;
    },
  },
  'crash of Postgres': {
    lane: 'servers',
    run: async ({ world, dice }) => {
      await world.servers.restart('immediate', dice.between(0, 3_000));
      return true;
    },
  },
  'restart of Postgres': {
    lane: 'servers',
    run: async ({ world, dice }) => {
      const late = dice.pick(runningHosts(world));
      late?.options.links.database.set('closed');
      // Longer than the silence after which a process is declared dead. One host reaches the server later than the others, and they may
      // not declare it dead: they were silent as well.
      await world.servers.restart('fast', dice.between(8_000, 12_000));
      if (late) await untilOthersLive(world, late);
      late?.options.links.database.set('open');
      return true;
    },
  },
  'failover of Postgres': {
    lane: 'servers',
    run: async ({ world, dice }) => {
      await world.servers.failOver(
        () => {
          for (const { options } of world.hosts) options.links.database.reset();
        },
        dice.between(0, 5_000),
      );
      return true;
    },
  },
  'full disk': {
    lane: 'servers',
    // A full disk refuses the heartbeats of some and not of others.
    run: ({ world, length }) =>
      interrupt(world, world.hosts, () => world.servers.fillDisk(length.longestSeconds * 1000)),
  },
  'partition from the database': {
    lane: 'networks',
    run: (circumstances) => partition('database', circumstances),
  },
  'partition from the provider': {
    lane: 'networks',
    run: (circumstances) => partition('provider', circumstances),
  },
  'broken connections': {
    lane: 'networks',
    run: async ({ world, dice }) => {
      const host = dice.pick(runningHosts(world));
      if (!host) return false;
      const peer = dice.pick(peers) ?? 'database';
      const link = host.options.links[peer];
      return interrupt(world, peer === 'database' ? [host] : [], async () => {
        link.set('closed');
        await pause(dice.between(0, 4_000));
        link.set('open');
        return true;
      });
    },
  },
  'lost answer to a commit': {
    lane: 'networks',
    run: async ({ world, dice }) => {
      const link = dice.pick(runningHosts(world))?.options.links.database;
      if (!link) return false;
      const before = link.lostCommits;
      link.loseNextCommit();
      for (let waited = 0; link.lostCommits === before && waited < 10_000; waited += 50) await pause(50);
      return link.lostCommits > before;
    },
  },
};

/** Waits for the next heartbeat of any other host, at most ten seconds: there may be none. */
async function untilOthersLive({ database }: World, { options }: Host): Promise<void> {
  for (let waited = 0, living: unknown[] = []; living.length === 0 && waited < 10_000; waited += 100) {
    await pause(100);
    living = await database('executors')
      .whereNot('executor_id', 'like', `${options.name}-%`)
      .whereRaw("ended_at is null and seen_at > now() - interval '1 second'")
      .pluck('executor_id')
      .catch(() => []);
  }
}

const peers = ['database', 'provider'] as const;

/** The lane of a fault. */
export function laneOf(name: FaultName): string {
  return faults[name].lane;
}

async function partition(peer: Peer, { world, dice, length }: Circumstances): Promise<boolean> {
  const host = dice.pick(runningHosts(world));
  if (!host) return false;
  const { network, links } = host.options;
  return interrupt(world, peer === 'database' ? [host] : [], async () => {
    await network.setPartition(peer, links[peer], true);
    await pause(atMost(length, dice));
    await network.setPartition(peer, links[peer], false);
    return true;
  });
}

/** Notes the time in which the others may declare the processes of some hosts dead, although they live. */
async function interrupt<Result>(
  { interruptions }: World,
  hosts: readonly Host[],
  run: () => Promise<Result>,
): Promise<Result> {
  const from = new Date();
  const noted = hosts.map(({ options }): Interruption => ({ host: options.name, from, until: undefined }));
  interruptions.push(...noted);
  try {
    return await run();
  } finally {
    for (const interruption of noted) interruption.until = new Date();
  }
}

function atMost({ longestSeconds }: Length, dice: Dice): number {
  return dice.between(shortestMs, longestSeconds * 1000);
}

/** A host need not come back before the next fault: the database may be away all the time. */
async function untilBack(host: Host): Promise<void> {
  await Promise.race([host.ready().catch(() => undefined), pause(backWithinMs)]);
}

// A host that starts has no process yet that could be killed.
const triesMax = 30;

/** Runs the faults of one lane after each other. One that did not take place is tried again. `note` gets each that did. */
export async function runLane(
  lane: readonly PlannedFault[],
  circumstances: Omit<Circumstances, 'dice'>,
  note: (name: FaultName, took: boolean, seconds: number) => void,
): Promise<void> {
  for (const { name, dice, pauseMs } of lane) {
    await pause(pauseMs);
    for (let tries = 1, took = false; !took && tries <= triesMax; tries += 1) {
      const since = performance.now();
      took = await faults[name].run({ ...circumstances, dice });
      note(name, took, (performance.now() - since) / 1000);
      if (!took) await pause(1_000);
    }
  }
}
