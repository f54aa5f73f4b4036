import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { config, route } from '@/testing/vercel';

const FILES = ['/index.html', '/sw.js', '/icon.svg', '/manifest.webmanifest', '/assets/index-8pUn2wP0.js'];
const ask = (path: string) => route(path, (file) => FILES.includes(file));
const API = new URL(config.rewrites[0]?.destination ?? '').origin;

describe('vercel.json', () => {
  it('rewrites and sets headers, and has no routes, which would switch both off', () => {
    expect(config).not.toHaveProperty('routes');
  });

  it.each([
    ['/api/predict', `${API}/api/predict`],
    ['/api/health', `${API}/api/health`],
    ['/api/a/deeper/one', `${API}/api/a/deeper/one`],
    ['/api', `${API}/api/`],
  ])('sends %s to the service, before the page’s fallback', (path, destination) => {
    expect(ask(path).destination).toBe(destination);
    expect(API).toMatch(/^https:/);
  });

  it.each([
    ['/', '/index.html'],
    ['/sw.js', '/sw.js'],
    ['/assets/index-8pUn2wP0.js', '/assets/index-8pUn2wP0.js'],
    ['/anything/else', '/index.html'],
    ['/apiary', '/index.html'],
    ['/assets/gone-8pUn2wP0.js', null],
  ])('answers %s from the build with %s', (path, destination) => {
    expect(ask(path).destination).toBe(destination);
  });

  it.each([
    ['/', 'no-store'],
    ['/index.html', 'no-store'],
    ['/anything/else', 'no-store'],
    ['/sw.js', 'no-store'],
    ['/icon.svg', 'no-cache'],
    ['/manifest.webmanifest', 'no-cache'],
    ['/assets/index-8pUn2wP0.js', 'public, max-age=31536000, immutable'],
    ['/assets/no-hash.js', 'no-store'],
  ])('has browsers keep %s: %s', (path, kept) => {
    expect(ask(path).headers['cache-control']).toBe(kept);
  });

  it.each(['/', '/anything/else', '/sw.js', '/assets/index-8pUn2wP0.js'])('guards %s', (path) => {
    const { headers } = ask(path);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['permissions-policy']).toContain('camera=()');
    expect(headers['strict-transport-security']).toMatch(/^max-age=\d{8}/);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toMatch(/script-src 'self';/);
    expect(policy).not.toContain('*');
  });

  it('leaves the headers of the service’s answers to the service', () => {
    expect(ask('/api/predict').headers).toEqual({});
    expect(ask('/api').headers).toEqual({});
  });
});

describe('deploy/vercel/backend.mjs', () => {
  const script = resolve('../deploy/vercel/backend.mjs');
  const original = readFileSync('../vercel.json', 'utf8');
  let folder = '';
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' });
  const written = () => readFileSync(join(folder, 'vercel.json'), 'utf8');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vercel-'));
    writeFileSync(join(folder, 'vercel.json'), original.replaceAll(API, 'https://backend.invalid'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('ends the build while no service is named', () => {
    const { status, stderr } = run('--check');
    expect([status, stderr]).toEqual([1, expect.stringContaining('names no service yet')]);
    expect(config.buildCommand).toMatch(/^node deploy\/vercel\/backend\.mjs --check && /);
  });

  it('writes the host, again and again, and nothing else', () => {
    for (const host of ['first.example.com', 'second.example.com']) {
      expect(run(host).status).toBe(0);
      expect(run('--check')).toMatchObject({ status: 0, stdout: `/api goes to https://${host}\n` });
      expect(written()).toBe(original.replaceAll(API, `https://${host}`));
    }
  });

  it.each([
    '',
    'http://a.example',
    'a.example/api',
    'a.example:8080',
    'localhost',
    '127.0.0.1',
    'a"b.example',
  ])('refuses %o as a host', (host) => {
    const before = written();
    expect(run(host)).toMatchObject({ status: 1, stderr: expect.stringContaining('Name a host alone') });
    expect(written()).toBe(before);
  });
});
