import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a browser sent the request from a page of another site. Sec-Fetch-Site decides where the browser sends it, because no
 * page can set it, and a page that hides its referrer sends the origin `null` to its own site. Older browsers send an Origin,
 * whose host must be one of `ownHosts`. Programs send neither header and pass.
 */
export function isFromOtherSite(headers: IncomingHttpHeaders, ownHosts: readonly string[]): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  return !URL.canParse(origin) || !ownHosts.includes(new URL(origin).host);
}

/** The addresses of a server. */
export interface ServerAddresses {
  /** The origin under which browsers reach it. */
  readonly publicUrl: string;
  /** The origin at which programs on this machine reach it: where it listens. */
  readonly listenUrl: string;
}

/**
 * Whether a request came under a name that another site may have pointed at this machine (DNS rebinding), so that the site's pages
 * could read the answers. Servers with a public name have pages for everybody.
 * @param hostname that of the request, as in a URL
 */
export function isForeignName(hostname: string, { publicUrl, listenUrl }: ServerAddresses): boolean {
  return (
    isLoopback(new URL(publicUrl).hostname) &&
    !isLoopback(hostname) &&
    hostname !== new URL(listenUrl).hostname
  );
}

/** Whether a host name, as a URL has it, is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
