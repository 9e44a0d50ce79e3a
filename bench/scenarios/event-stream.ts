import http from 'node:http';

/** The event stream of an order's page, as an open browser holds it. */
export interface EventStream {
  /** When each message about the order came, by the clock of `performance.now()`; the first shows how it stands. */
  readonly arrivals: readonly number[];
  /** Whether the shop has ended it, as it does when nothing can follow. */
  ended(): boolean;
  close(): void;
}

/** Opens a stream on a connection of its own. @throws when the shop does not answer with a stream. */
export function openEventStream(url: string): Promise<EventStream> {
  const arrivals: number[] = [];
  let ended = false;
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, headers: { accept: 'text/event-stream' } }, (response) => {
      if (response.statusCode !== 200) {
        request.destroy();
        reject(new Error(`${url} was answered ${response.statusCode}.`));
        return;
      }
      let unread = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const messages = (unread + text).split('\n\n');
        unread = messages.pop() ?? '';
        const now = performance.now();
        // Between them come heartbeats, under another name.
        for (const message of messages) if (/^event: order$/m.test(message)) arrivals.push(now);
      });
      response.on('error', () => undefined);
      response.on('close', () => {
        ended = true;
      });
      resolve({ arrivals, ended: () => ended, close: () => request.destroy() });
    });
    request.on('error', reject);
  });
}
