/** A browser without a screen: it keeps its cookies, follows nothing by itself, and posts forms as browsers do. */
export class Visitor {
  private readonly cookies = new Map<string, string>();

  constructor(private readonly origin: string) {}

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Replaces the cookie that the shop has set. */
  forge(name: string, value: string): void {
    this.cookies.set(name, value);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { headers });
  }

  post(path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    const type = { 'content-type': 'application/x-www-form-urlencoded', origin: this.origin };
    return this.send(path, {
      method: 'POST',
      headers: { ...type, ...headers },
      body: new URLSearchParams(form).toString(),
    });
  }

  private async send(
    path: string,
    request: Omit<RequestInit, 'headers'> & { headers: Record<string, string> },
  ): Promise<Answer> {
    const response = await fetch(`${this.origin}${path}`, {
      ...request,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        ...(this.cookies.size > 0 && { cookie: this.cookie }),
        ...request.headers,
      },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = cookie.split(';')[0]?.split(/=(.*)/s) ?? [];
      this.cookies.set(name, value);
    }
    return {
      status: response.status,
      location: response.headers.get('location'),
      headers: response.headers,
      text: await response.text(),
    };
  }
}

/** The shop's answer, without following redirects. */
export interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly headers: Headers;
  readonly text: string;
}

/** The value of a field as a page's form would send it. */
export function fieldIn(page: string, name: string): string {
  const value = new RegExp(`name="${name}"[^>]*? value="([^"]*)"`).exec(page)?.[1];
  if (value === undefined) throw new Error(`The page has no field ${name}.`);
  return value.replaceAll('&amp;', '&');
}
