/** Holds the served page to Lighthouse's scores on its default phone, and publishes them; `make lighthouse`. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { findChromium } from './browser';
import { ROOT } from './service';

const LIGHTHOUSE = 'lighthouse@12.8.2'; // 13 wants Node.js 22
const FLOORS = { performance: 95, accessibility: 100, 'best-practices': 95 };
const RUNS = 3;

interface Result {
  categories: Record<string, { score: number }>;
  audits: Record<string, { displayValue?: string }>;
  environment: { hostUserAgent: string };
}

test('the page scores what a clinician may expect', { timeout: 600_000 }, async () => {
  const results: Result[] = [];
  for (let run = 0; run < RUNS; run++) results.push(await measure(inject('url')));
  const scores = Object.keys(FLOORS).map((name) => [
    name,
    median(results.map((each) => scoreOf(each, name))),
  ]);
  writeFileSync(`${ROOT}docs/evaluation/lighthouse.md`, table(results, Object.fromEntries(scores)));
  for (const [name, floor] of Object.entries(FLOORS))
    expect(Object.fromEntries(scores)[name], name).toBeGreaterThanOrEqual(floor);
});

async function measure(url: string): Promise<Result> {
  const path = join(tmpdir(), `lighthouse-${process.pid}.json`);
  const sandbox = process.getuid?.() === 0 ? '--no-sandbox' : ''; // root has none
  const flags = `--headless=new --disable-background-networking --disable-component-update --disable-sync ${sandbox}`;
  const only = `--only-categories=${Object.keys(FLOORS)}`;
  const command = [LIGHTHOUSE, url, only, '--quiet', '--output=json', `--output-path=${path}`];
  await promisify(execFile)('npx', ['--yes', ...command, `--chrome-flags=${flags}`], {
    env: { ...process.env, CHROME_PATH: findChromium() },
  });
  return JSON.parse(readFileSync(path, 'utf8'));
}

const scoreOf = (result: Result, name: string) => Math.round(100 * (result.categories[name]?.score ?? 0));

const median = (values: number[]) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;

function table(results: Result[], scores: Record<string, number>): string {
  const browser = /Chrome\/\d+/.exec(results[0]?.environment.hostUserAgent ?? '')?.[0]?.replace('/', ' ');
  const rows = Object.entries(scores).map(([name, score]) => {
    const all = results.map((each) => scoreOf(each, name)).join(', ');
    return `| ${name} | ${score} | ${all} |`;
  });
  const paints = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time'].map((name) => {
    const all = results.map((each) => each.audits[name]?.displayValue ?? '').join(', ');
    return `| ${name} | | ${all.replaceAll('\u00a0', ' ')} |`;
  });
  return `# The page by Lighthouse

\`make lighthouse\`: ${LIGHTHOUSE.replace('@', ' ')}, its default phone and network, headless ${browser}, on ${cpus()[0]?.model.trim()} (${cpus().length} cores); the page as Flask serves it, ${RUNS} runs.

| | median | runs |
| --- | --- | --- |
${[...rows, ...paints].join('\n')}
`;
}
