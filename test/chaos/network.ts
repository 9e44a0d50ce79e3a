import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isAlive } from '../../src/supervisor/processes.ts';
import type { Link } from './link.ts';

const run = promisify(execFile);

/** The systems that a host reaches over networks of their own. */
export type Peer = 'database' | 'provider';

/**
 * The networks of one host. In a namespace of the kernel a partition loses packets, so the shop meets the time limits of real TCP.
 * On loopback its links keep silent instead: the packets are confirmed, and nothing answers.
 */
export interface HostNetwork {
  /** The address at which the host listens. */
  readonly address: string;
  /** The command that runs a program in the network of the host. */
  readonly command: readonly string[];
  /** The address at which the host finds a link to a peer. */
  gatewayTo(peer: Peer | 'mail'): string;
  /** Loses all packets between the host and a peer, or no longer. */
  setPartition(peer: Peer, link: Link, isLost: boolean): Promise<void>;
  close(): Promise<void>;
}

/** The networks of a run. */
export interface Networks {
  readonly kind: 'namespaces' | 'loopback';
  addHost(): Promise<HostNetwork>;
  close(): Promise<void>;
}

/** Uses namespaces of the kernel where this account may create them; with `loopback` only 127.0.0.1. */
export async function openNetworks(wanted: 'namespaces' | 'loopback'): Promise<Networks> {
  if (wanted === 'loopback') return loopbackNetworks;
  // 198.18.0.0/15 is reserved for tests of networks.
  const [name, subnet] = [`hf${process.pid}`, `198.18.${process.pid % 250}`];
  // Packets for a partitioned host must not leave this machine.
  const route = `blackhole ${subnet}.0/24 metric 9999`;
  if (!(await isDone(`route replace ${route}`))) return loopbackNetworks;
  await removeLeftovers();
  const hosts: HostNetwork[] = [];
  return {
    kind: 'namespaces',
    addHost: async () => {
      const host = await addNamespace(name, subnet, hosts.length);
      hosts.push(host);
      return host;
    },
    close: async () => {
      for (const host of hosts) await host.close();
      await ip(`route del ${route}`);
    },
  };
}

const loopbackNetworks: Networks = {
  kind: 'loopback',
  addHost: () =>
    Promise.resolve({
      address: '127.0.0.1',
      command: [],
      gatewayTo: () => '127.0.0.1',
      setPartition: (_peer, link, isLost) => {
        link.set(isLost ? 'silent' : 'open');
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    }),
  close: () => Promise.resolve(),
};

// Each network is a pair of devices, with four addresses: the second belongs to this side, the third to the host.
const wires = { clients: 0, database: 4, provider: 8 } as const;

async function addNamespace(run: string, subnet: string, number: number): Promise<HostNetwork> {
  const name = `${run}-${number}`;
  const first = number * 16;
  const deviceOf = (wire: keyof typeof wires): string => `${run}${number}${wire.slice(0, 1)}`;
  await ip(`netns add ${name}`);
  await ip(`-n ${name} link set lo up`);
  for (const wire of ['clients', 'database', 'provider'] as const) {
    const [outside, inside] = [deviceOf(wire), wire];
    await ip(`link add ${outside} type veth peer name ${inside} netns ${name}`);
    await ip(`addr add ${subnet}.${first + wires[wire] + 1}/30 dev ${outside}`);
    await ip(`link set ${outside} up`);
    await ip(`-n ${name} addr add ${subnet}.${first + wires[wire] + 2}/30 dev ${inside}`);
    await ip(`-n ${name} link set ${inside} up`);
  }
  return {
    address: `${subnet}.${first + wires.clients + 2}`,
    command: ['ip', 'netns', 'exec', name],
    gatewayTo: (peer) => `${subnet}.${first + wires[peer === 'mail' ? 'clients' : peer] + 1}`,
    setPartition: (peer, _link, isLost) => ip(`link set ${deviceOf(peer)} ${isLost ? 'down' : 'up'}`),
    close: async () => {
      // The devices go with it.
      await ip(`netns del ${name}`);
    },
  };
}

/** Removes the namespaces of runs that were killed. Their processes have ended with the run. */
async function removeLeftovers(): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'list']);
  for (const [name, owner] of stdout.matchAll(/^hf(\d+)-\d+/gm))
    if (!isAlive(Number(owner))) await ip(`netns del ${name}`);
}

function isDone(words: string): Promise<boolean> {
  return ip(words).then(
    () => true,
    () => false,
  );
}

async function ip(words: string): Promise<void> {
  await run('ip', words.split(' '));
}
