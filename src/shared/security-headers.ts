/** The parts of the headers that differ between the shop and the local payment service. */
export interface SecurityHeaderOptions {
  readonly contentSecurityPolicy: string;
  readonly referrerPolicy: 'same-origin' | 'no-referrer';
  /** Whether pages of the same origin may show this one in a frame. */
  readonly frames: 'SAMEORIGIN' | 'DENY';
  /** Whether the server is reached over https. */
  readonly https: boolean;
}

const yearSeconds = 31_536_000;

/** The headers of every answer. Nobody stores an answer, because most contain personal data or stock; files replace that header. */
export function securityHeaders(options: SecurityHeaderOptions): ReadonlyMap<string, string> {
  const headers = new Map([
    ['cache-control', 'no-store'],
    ['content-security-policy', options.contentSecurityPolicy],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    ['origin-agent-cluster', '?1'],
    ['referrer-policy', options.referrerPolicy],
    ['x-content-type-options', 'nosniff'],
    ['x-dns-prefetch-control', 'off'],
    ['x-download-options', 'noopen'],
    ['x-frame-options', options.frames],
    ['x-permitted-cross-domain-policies', 'none'],
    ['x-xss-protection', '0'],
  ]);
  // Only for this host, because other hosts of the domain may have no https.
  if (options.https) headers.set('strict-transport-security', `max-age=${yearSeconds}`);
  return headers;
}

/** The additions to the policy of a page. */
export interface PolicyAdditions {
  /** Origins to which forms may lead. Chromium applies this to the redirect after a form, too. */
  readonly formTargets?: readonly string[];
  /** Whether the page has pictures in `data:` addresses. */
  readonly dataImages?: boolean;
  /** Whether the page is reached over https. */
  readonly https?: boolean;
}

/** A policy that allows content of this origin only, and no script or style inside a page. */
export function contentSecurityPolicy({ formTargets = [], dataImages, https }: PolicyAdditions = {}): string {
  return [
    "default-src 'self'",
    ...(dataImages ? ["img-src 'self' data:"] : []),
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    ["form-action 'self'", ...formTargets].join(' '),
    ...(https ? ['upgrade-insecure-requests'] : []),
  ].join('; ');
}
