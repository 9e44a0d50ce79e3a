import { type ClientRequest, type IncomingMessage, request } from 'node:http';

/** One event as it came. */
export interface ReceivedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
  /** When, by the clock of `performance.now()`. */
  readonly at: number;
}

/** Reads server-sent events from a real socket of its own, as a browser does, but never connects again by itself. */
export class EventReader {
  readonly events: ReceivedEvent[] = [];
  /** Heartbeats, comments, and fields other than those of events. */
  readonly rest: string[] = [];
  ended = false;
  /** Called with each event. */
  onEvent: (event: ReceivedEvent) => void = () => undefined;

  readonly #request: ClientRequest;
  #open: IncomingMessage | undefined;
  #text = '';

  private constructor(sent: ClientRequest) {
    this.#request = sent;
  }

  /** Opens a stream and resolves with the head of its answer. */
  static open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    const sent = request(url, { agent: false, headers: { accept: 'text/event-stream', ...headers } });
    const reader = new EventReader(sent);
    return new Promise((resolve, reject) => {
      sent.once('response', (response) => {
        reader.#take(response);
        resolve(reader);
      });
      sent.once('error', reject);
      sent.end();
    });
  }

  get status(): number {
    return this.#open?.statusCode ?? 0;
  }

  get headers(): IncomingMessage['headers'] {
    return this.#open?.headers ?? {};
  }

  /** The names of the steps that the newest message shows as done, in their order. */
  get doneSteps(): string[] {
    return stepsOf(this.events.at(-1)?.data ?? '');
  }

  /** Stops reading, as a device that sleeps, without closing. */
  pause(): void {
    this.#open?.pause();
  }

  resume(): void {
    this.#open?.resume();
  }

  close(): void {
    this.#request.destroy();
  }

  #take(response: IncomingMessage): void {
    this.#open = response;
    this.#request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.on('close', () => {
      this.ended = true;
    });
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      this.#text += text;
      const blocks = this.#text.split('\n\n');
      this.#text = blocks.pop() ?? '';
      for (const block of blocks) this.#receive(block.split('\n'));
    });
  }

  #receive(lines: readonly string[]): void {
    const all = (field: string) =>
      lines.filter((line) => line.startsWith(`${field}: `)).map((line) => line.slice(field.length + 2));
    const [event] = all('event');
    if (event === undefined || event === 'heartbeat') {
      this.rest.push(lines.join('\n'));
      return;
    }
    const received = { id: all('id').join(), event, data: all('data').join('\n'), at: performance.now() };
    this.events.push(received);
    this.onEvent(received);
  }
}

/** The steps that a page of an order shows as done or ended, in their order. */
export function stepsOf(html: string): string[] {
  return [...html.matchAll(/<li class="(?:done|ended)" data-step="(\w+)"/g)].map(([, name = '']) => name);
}
