import { type Action, actionsOf, type Extra, newOrder, type Order } from './actions.ts';
import { brokenAtEnd, brokenByChange, brokenPromise } from './promises.ts';
import { unitsOf } from './shop.ts';

/** The world of a search: this many orders of one unit each, and the units in stock. */
export interface World {
  readonly orders: number;
  readonly units: number;
  readonly extras: readonly Extra[];
  /** Most states to visit; those that are farther from the beginning are left out. */
  readonly statesMax: number;
}

/** The result of a search. */
export interface Found {
  readonly states: number;
  readonly edges: number;
  /** Whether every reachable state was visited. */
  readonly isComplete: boolean;
  /** The different states of one order that occurred. */
  readonly orders: readonly Order[];
  /** The shortest path to a broken promise, in words; null when all hold. */
  readonly violation: string | null;
}

/** An action on one order, and its result: an order by its number, and the units that are left. */
interface Step {
  readonly name: string;
  readonly kind: Action['kind'];
  readonly order: number;
  readonly available: number;
  readonly broken: string | undefined;
}

/** The end of an order when nothing but work happens from now on. */
interface End {
  readonly available: number;
  readonly path: readonly string[];
  readonly broken: string | undefined;
}

const workMax = 100;
const unitBits = 16;
const unitMask = 0xff_ff;

/**
 * All states of one order, by number. Each is computed once: an action reads and writes the rows of one order and the units
 * in stock, nothing else, so its result is the same beside any other orders.
 */
class Orders {
  readonly all: Order[] = [];
  readonly held: number[] = [];
  readonly sold: number[] = [];
  readonly #broken: (string | undefined)[] = [];
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #steps: Step[][][] = [];
  readonly #ends: End[][] = [];
  readonly #extras: readonly Extra[];

  constructor(extras: readonly Extra[]) {
    this.#extras = extras;
  }

  /** The number of an order; equal orders have the same. */
  numberOf(order: Order): number {
    const text = JSON.stringify(order);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.all.length;
    const { held, sold } = unitsOf(order.shop);
    this.all.push(order);
    this.held.push(held);
    this.sold.push(sold);
    this.#broken.push(brokenPromise(order));
    this.#texts.push(text);
    this.#numbers.set(text, number);
    this.#steps.push([]);
    this.#ends.push([]);
    return number;
  }

  /** The actions on an order with so many units in stock. */
  stepsOf(number: number, available: number): Step[] {
    const steps = this.#steps[number]!;
    steps[available] ??= actionsOf(this.all[number]!, this.#extras).map((action) =>
      this.#take(action, number, available),
    );
    return steps[available];
  }

  #take({ name, kind, act }: Action, number: number, available: number): Step {
    const order = JSON.parse(this.#texts[number]!) as Order;
    const stock = { available };
    try {
      act(order, stock);
    } catch (error) {
      return { name, kind, order: number, available, broken: String(error) };
    }
    const after = this.numberOf(order);
    const broken = this.#broken[after] ?? brokenByChange(this.all[number]!.shop, order.shop);
    return { name, kind, order: after, available: stock.available, broken };
  }

  /** The end of an order when no fault, request or payment follows. */
  endOf(number: number, available: number): End {
    const ends = this.#ends[number]!;
    ends[available] ??= this.#findEnd(number, available);
    return ends[available];
  }

  #findEnd(number: number, available: number): End {
    const path: string[] = [];
    let at = { order: number, available };
    for (; path.length < workMax; ) {
      const next = this.stepsOf(at.order, at.available).find(
        ({ kind, order, available }) => kind === 'work' && (order !== at.order || available !== at.available),
      );
      if (next?.broken !== undefined)
        return { available: at.available, path: [...path, next.name], broken: next.broken };
      if (!next) return { available: at.available, path, broken: brokenAtEnd(this.all[at.order]!) };
      path.push(next.name);
      at = next;
    }
    return { available: at.available, path, broken: `work ends within ${workMax} actions` };
  }
}

/**
 * Visits the states of a world breadth-first, checks the promises in each and in each change, and that each can reach an end
 * without further faults, requests and payments.
 *
 * A state is the sorted list of the orders' numbers and the units in stock. Sorting is sound because the orders differ in
 * nothing but their name: same product, quantity and price, and no action compares two of them.
 */
export function search(world: World): Found {
  return new Search(world).run();
}

class Search {
  readonly #world: World;
  readonly #orders: Orders;
  readonly #visited = new Set<string>();
  /** The states in the order of their discovery, each with the state before it, and the place and step that led here. */
  readonly #queue: string[] = [];
  readonly #parents: number[] = [];
  readonly #moves: (readonly [place: number, step: number])[] = [];
  #edges = 0;
  #isCut = false;

  constructor(world: World) {
    this.#world = world;
    this.#orders = new Orders(world.extras);
  }

  run(): Found {
    const { orders, units } = this.#world;
    const first = this.#orders.numberOf(newOrder);
    this.#add(
      encode(
        Array.from({ length: orders }, () => first),
        units,
      ),
      -1,
      [0, 0],
    );
    let violation: string | null = null;
    let index = 0;
    for (; index < this.#queue.length && violation === null; index += 1)
      violation = this.#check(index) ?? this.#expand(index);
    return {
      states: index,
      edges: this.#edges,
      isComplete: !this.#isCut,
      orders: this.#orders.all,
      violation,
    };
  }

  #add(state: string, parent: number, move: readonly [number, number]): void {
    if (this.#visited.has(state)) return;
    if (this.#queue.length === this.#world.statesMax) {
      this.#isCut = true;
      return;
    }
    this.#visited.add(state);
    this.#queue.push(state);
    this.#parents.push(parent);
    this.#moves.push(move);
  }

  /** Checks the stock of a state, and the end that it reaches when its orders are worked off one after the other. */
  #check(index: number): string | null {
    const { orders, available } = decode(this.#queue[index]!);
    const { held, sold } = this.#orders;
    const taken = orders.reduce((sum, number) => sum + held[number]! + sold[number]!, 0);
    if (available < 0 || available + taken !== this.#world.units)
      return this.#report(
        index,
        [`${available} + ${taken} of ${this.#world.units} units`],
        'available + held + sold = supplied',
      );
    let left = available;
    for (const number of orders) {
      const end = this.#orders.endOf(number, left);
      if (end.broken !== undefined)
        return this.#report(
          index,
          end.path.map((name) => `at the end: ${name}`),
          end.broken,
        );
      left = end.available;
    }
    return null;
  }

  #expand(index: number): string | null {
    const { orders, available } = decode(this.#queue[index]!);
    for (const [place, number] of orders.entries()) {
      // An equal order has the same steps.
      if (place > 0 && orders[place - 1] === number) continue;
      const steps = this.#orders.stepsOf(number, available);
      for (const [at, step] of steps.entries()) {
        if (step.broken !== undefined) return this.#report(index, [step.name], step.broken);
        this.#edges += 1;
        if (step.order !== number || step.available !== available)
          this.#add(encode(orders.with(place, step.order), step.available), index, [place, at]);
      }
    }
    return null;
  }

  /** A broken promise with the path to its state. */
  #report(index: number, last: readonly string[], promise: string): string {
    const path: number[] = [];
    for (let at = index; at > 0; at = this.#parents[at]!) path.unshift(at);
    // Names follow their orders when a state is sorted.
    let named = Array.from({ length: this.#world.orders }, (_, place) => ({
      name: 'ABCDEFGH'[place]!,
      number: 0,
    }));
    const lines = path.map((at) => {
      const [place, stepIndex] = this.#moves[at]!;
      const { available } = decode(this.#queue[this.#parents[at]!]!);
      const { name, number } = named[place]!;
      const step = this.#orders.stepsOf(number, available)[stepIndex]!;
      named = named.with(place, { name, number: step.order }).toSorted((a, b) => a.number - b.number);
      return `order ${name}: ${step.name}`;
    });
    return [`Broken: ${promise}.`, 'Shortest path:', ...lines, ...last].join('\n  ');
  }
}

/** Two code units for each order's number, sorted, and one for the units. */
function encode(orders: number[], available: number): string {
  const codes = orders
    .toSorted((a, b) => a - b)
    .flatMap((number) => [number >>> unitBits, number & unitMask]);
  // Moved up by one, so that a wrong rule may take a unit too many.
  return String.fromCharCode(...codes, available + 1);
}

function decode(state: string): { orders: number[]; available: number } {
  const orders = Array.from(
    { length: (state.length - 1) / 2 },
    (_, place) => (state.charCodeAt(2 * place) << unitBits) + state.charCodeAt(2 * place + 1),
  );
  return { orders, available: state.charCodeAt(state.length - 1) - 1 };
}
