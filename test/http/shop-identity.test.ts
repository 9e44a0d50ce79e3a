import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placeOrder, placePaidOrder } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The shop is whose it says it is, on its pages, in its messages and where it is paid.

const hostile = '<script>alert("x")</script>';
const escaped = '&lt;script&gt;alert(';
const longLine = 'a'.repeat(300);
const name = `דוכן ${hostile}`;

let shop: TestShop;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'shop-pages-'));
  const terms = [
    '# Our *terms*',
    `${hostile} and **bold**`,
    '# Second',
    '[safe](https://law.example) [unsafe](javascript:alert(1)) ![picture](https://other.example/x.png)',
  ];
  await writeFile(path.join(folder, 'terms.md'), terms.join('\n\n'));
  await writeFile(path.join(folder, 'imprint.md'), 'Just a line.');
  shop = await startTestShop({
    SHOP_NAME: name,
    SHOP_ADDRESS: `${hostile} | ${longLine} | רחוב הנמל 4`,
    SHOP_EMAIL: 'hello@shop.example',
    SHOP_PHONE: '+44 (20) 7946-0018',
    SHOP_TAX_NUMBER: 'GB 123 4567 89',
    SHOP_PAGES_DIR: folder,
  });
});

afterAll(async () => {
  await shop.close();
  await rm(folder, { recursive: true });
});

async function page(address: string): Promise<string> {
  const answer = await fetch(new URL(address, shop.shopUrl), { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(200);
  return answer.text();
}

test('the foot of each page names the seller, and leads to the pages that exist', async () => {
  for (const address of ['/', '/cart', '/terms']) {
    const html = await page(address);
    const [foot = ''] = /<footer.*<\/footer>/s.exec(html) ?? [];
    expect(foot).toContain(`<bdi class="seller-name">דוכן ${escaped}`);
    for (const line of [escaped, longLine, 'רחוב הנמל 4', 'GB 123 4567 89']) expect(foot).toContain(line);
    expect(foot).toContain('href="mailto:hello@shop.example"');
    expect(foot).toContain('href="tel:+442079460018"');
    const links = [...foot.matchAll(/href="(\/[^"]*)"/g)].map(([, link]) => link);
    expect(links).toEqual(['/terms', '/imprint', '/find-order', '/docs']);
    expect(html).not.toContain(hostile);
    expect(html).toMatch(/<title>[^<]* · דוכן &lt;script/);
  }
});

describe('a page of the shop', () => {
  test('is its Markdown, without HTML, unsafe links and pictures of others', async () => {
    const html = await page('/terms');
    const [, article = ''] = /<article class="prose">(.*)<\/article>/s.exec(html) ?? [];
    expect(article).toContain('<h1>Our terms</h1>');
    expect(article.match(/<h1/g)).toHaveLength(1);
    expect(article).toContain('<h2>Second</h2>');
    expect(article).toContain('<strong>bold</strong>');
    expect(article).toContain('<a href="https://law.example">safe</a>');
    expect(article).toContain(escaped);
    expect(article).not.toMatch(/href="javascript|<img|<script/);
  });

  test('without a heading has the name of its link as its title', async () => {
    expect(await page('/imprint')).toContain('<h1>Imprint</h1>\n<p>Just a line.</p>');
  });

  test('without a text does not exist', async () => {
    for (const address of ['/returns', '/privacy'])
      expect((await fetch(shop.shopUrl + address)).status).toBe(404);
  });
});

test('a message to a buyer is signed by the seller', async () => {
  const order = await placePaidOrder(shop, { email: 'ada@reader.example' });
  const read = () =>
    shop
      .database('emails')
      .where({ order_id: order.order_id })
      .first('text_body as text', 'html_body as html');
  const { text, html } = await waitFor('the message', read, (email) => email?.text != null);
  const signature = text.slice(text.indexOf('\n-- \n'));
  expect(signature).toContain(
    `\n-- \n${name}\n${hostile}\n${longLine}\nרחוב הנמל 4\nhello@shop.example\n+44 (20) 7946-0018\nTax number: GB 123 4567 89\nTerms: ${shop.shopUrl}/terms\nImprint: ${shop.shopUrl}/imprint\n`,
  );
  expect(html).not.toContain('<script');
  expect(html).toContain(`href="${shop.shopUrl}/terms"`);
});

test('the payment page names the business instead of a host', async () => {
  const order = await placeOrder(shop);
  const html = await page(order.payment_url);
  expect(html).toContain(`to <bdi>דוכן ${escaped}`);
  expect(html).not.toContain(`to ${new URL(shop.shopUrl).host}`);
});
