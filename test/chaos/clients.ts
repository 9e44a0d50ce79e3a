import { setTimeout as pause } from 'node:timers/promises';
import { Agent, fetch as request } from 'undici';
import { act, type Context, placeOrder, post } from '../money/buyer.ts';
import { planCheckout, scarce } from '../money/plan.ts';
import { waitFor } from '../support/wait.ts';
import type { Dice, Length } from './plan.ts';

/**
 * One request of a client. `ok`: the shop confirmed it. `fail`: the shop refused it. `unknown`: no answer, or one that says to ask again;
 * it may have taken effect.
 */
export interface Operation {
  /** Milliseconds since the first one. */
  readonly at: number;
  readonly took: number;
  readonly url: string;
  /** The idempotency key of the request, when it is a header. */
  readonly key: string | undefined;
  readonly outcome: 'ok' | 'fail' | 'unknown';
  /** 0 without an answer. */
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const answerWithinMs = 12_000;
const insistForMs = 180_000;
const restockEvery = 40;
const restockUnits = 60;

/** Buyers, and operators who refund and restock. Everything that they ask and learn is recorded. */
export class Clients {
  readonly history: Operation[] = [];
  /** Buyers who got no further. */
  readonly failures: string[] = [];
  /** Checkouts that were begun. */
  begun = 0;
  readonly #context: Context;
  readonly #seed: string;
  readonly #length: Length;
  readonly #dice: Dice;
  // A connection for each request, so that a repeated one may reach another host. The limits are the agent's: the signal of a request
  // may be collected as garbage before it fires.
  readonly #agent = new Agent({
    pipelining: 0,
    connect: { timeout: answerWithinMs },
    headersTimeout: answerWithinMs,
    bodyTimeout: answerWithinMs,
  });

  constructor(context: Context, seed: string, length: Length, dice: Dice) {
    this.#context = { ...context, send: (url, init) => this.#insist(url, init) };
    [this.#seed, this.#length, this.#dice] = [seed, length, dice];
  }

  /** Buys until `isEnough`, and ends every purchase that was begun. */
  async run(isEnough: () => boolean): Promise<void> {
    const { buyersAtOnce, checkouts, seconds } = this.#length;
    const betweenMs = (seconds * 1000 * buyersAtOnce) / checkouts;
    const buyer = async (): Promise<void> => {
      while (!isEnough()) {
        const since = performance.now();
        await this.#buy((this.begun += 1));
        await pause(Math.max(0, betweenMs * this.#dice.between(0.2, 1) - (performance.now() - since)));
      }
    };
    await Promise.all(Array.from({ length: buyersAtOnce }, buyer));
    await this.#agent.close();
  }

  async #buy(number: number): Promise<void> {
    const plan = planCheckout(this.#seed, number);
    try {
      if (number % restockEvery === 0) await this.#restock(number);
      const answer = await placeOrder(this.#context, plan);
      // Out of stock, or the provider stayed out of reach: the answer reported the cancelled order.
      if (answer.status !== 409) await act(this.#context, plan, answer);
    } catch (error) {
      this.failures.push(`checkout ${plan.key}, ${plan.act}: ${String(error)}`);
    }
  }

  async #restock(number: number): Promise<void> {
    const skus = await waitFor(
      'the products',
      () => this.#context.database('products').pluck<string[]>('sku'),
      (found) => found.length > 0,
    );
    for (const sku of skus) {
      const delivery = {
        sku,
        quantity: sku === scarce ? 3 : restockUnits,
        reason: `delivery before ${number}`,
      };
      await post(this.#context, `${this.#context.shopUrl}/restock`, delivery, {
        'idempotency-key': `restock-${number}-${sku}`,
      });
    }
  }

  /** Repeats a request until its outcome is known. @throws when the shop gives no definite answer for longer than any fault lasts */
  async #insist(url: string, init: RequestInit): Promise<Response> {
    for (const since = performance.now(); performance.now() - since < insistForMs; ) {
      const { outcome, status, body } = await this.#ask(url, init);
      if (outcome !== 'unknown')
        return new Response(JSON.stringify(body), { status: status < 400 && status > 299 ? 200 : status });
      await pause(this.#dice.between(100, 1_000));
    }
    throw new Error(`no definite answer to ${url} for ${insistForMs / 1000} s`);
  }

  async #ask(url: string, init: RequestInit): Promise<Operation> {
    const at = performance.now();
    const {
      headers = {},
      method = 'GET',
      body = null,
    } = init as {
      headers?: Record<string, string>;
      method?: string;
      body?: string | null;
    };
    const known = { at: Math.round(at), url, key: headers['idempotency-key'] };
    const answer = await request(url, {
      headers,
      method,
      body,
      redirect: 'manual',
      dispatcher: this.#agent,
    })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      .catch(() => ({ status: 0, text: '' }));
    const operation = {
      ...known,
      took: Math.round(performance.now() - at),
      outcome: outcomeOf(answer.status),
      status: answer.status,
      body: parse(answer.text),
    };
    this.history.push(operation);
    return operation;
  }
}

function outcomeOf(status: number): Operation['outcome'] {
  if (status === 0 || status >= 500 || status === 429) return 'unknown';
  return status < 400 ? 'ok' : 'fail';
}

function parse(text: string): Operation['body'] {
  try {
    return JSON.parse(text) as Operation['body'];
  } catch {
    return {};
  }
}
