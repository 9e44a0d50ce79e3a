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

/** A port on which nobody listens now; somebody else may take it before the caller does. */
export function freePort(host: string): Promise<number> {
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
