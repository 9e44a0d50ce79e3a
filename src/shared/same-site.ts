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

/** Whether a host name, as a URL has it, is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
