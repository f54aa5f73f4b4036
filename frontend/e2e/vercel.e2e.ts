/** The page as Vercel would serve it: vercel.json's headers and rewrites, in a browser that obeys them. */
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { extname } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { route } from '../src/testing/vercel';
import { choose, open, withBrowser } from './browser';
import { ROOT } from './service';

const DIST = `${ROOT}frontend/dist`;
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
const REPORTS = '/-/violations';
const violations: string[] = [];
const PATIENCE_MS = 150_000;

withBrowser();
let server: Server;
let url = '';

beforeAll(async () => {
  server = createServer((asked, answer) => {
    const path = new URL(asked.url ?? '/', 'http://vercel').pathname;
    if (path === REPORTS) {
      asked.on('data', (report) => violations.push(String(report)));
      asked.on('end', () => answer.end());
      return;
    }
    const { headers, destination } = route(
      path,
      (file) => existsSync(DIST + file) && statSync(DIST + file).isFile(),
    );
    const policy = headers['content-security-policy'];
    if (policy) headers['content-security-policy'] = `${policy}; report-uri ${REPORTS}`;
    for (const [name, value] of Object.entries(headers)) answer.setHeader(name, value);
    if (destination?.startsWith('https://')) {
      const target =
        inject('url') + new URL(destination).pathname + new URL(asked.url ?? '/', 'http://v').search;
      const onward = request(target, { method: asked.method, headers: asked.headers }, (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      });
      asked.pipe(onward);
    } else if (destination) {
      answer.setHeader('content-type', TYPES[extname(destination)] ?? 'application/octet-stream');
      answer.end(readFileSync(DIST + destination));
    } else {
      answer.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  url = `http://127.0.0.1:${address.port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test(
  'a film is read, seen and reported on without one breach of the content security policy',
  async () => {
    const page = await open({}, `${url}/any/address`);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await choose(page, inject('films').opacity);
    await page.getByText('%').first().waitFor();
    const [report] = await Promise.all([
      page.waitForEvent('download', { timeout: PATIENCE_MS }),
      page.getByRole('button', { name: 'PDF report' }).click(),
    ]);
    expect(report.suggestedFilename()).toMatch(/\.pdf$/);
    expect(violations).toEqual([]);
  },
  PATIENCE_MS,
);

test('a script of another host is held back, so that breaches are seen', async () => {
  // In a page that nobody listens to: what is held back is a complaint in the others.
  const page = await (await open({}, url)).context().newPage();
  await page.goto(url);
  await page.evaluate(() => {
    document.head.append(
      Object.assign(document.createElement('script'), { src: 'https://evil.example/a.js' }),
    );
  });
  await expect.poll(() => violations.splice(0).join()).toContain('evil.example');
});
