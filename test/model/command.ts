import type { World } from './world.ts';

/** One thing that can happen. `choice` says how, where there is more than one way. */
export interface Command {
  readonly name: string;
  readonly can: (world: World) => boolean;
  readonly act: (world: World, choice: number) => void;
}
