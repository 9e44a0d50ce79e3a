import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Whether a server of ours could listen on that port and host now. */
export function isPortFree(port: number, host: string): Promise<boolean> {
  return listen(port, host).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return false;
      throw error;
    },
  );
}

// Below the ports that systems hand out for connections: one of those may be taken by the next connection of anybody.
const lowestPort = 24_000;
const highestPort = 32_000;
const triesAtMost = 100;

/** A port on which nobody listens now; somebody else may take it before the caller does, which is not likely. */
export async function freePort(host: string): Promise<number> {
  for (let tries = 0; tries < triesAtMost; tries += 1) {
    const port = randomInt(lowestPort, highestPort);
    if (await isPortFree(port, host)) return port;
  }
  return listen(0, host);
}

function listen(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  });
}
