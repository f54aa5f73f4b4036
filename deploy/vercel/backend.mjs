/**
 * Name the service that vercel.json sends /api to, or check that one is named.
 *
 *   node deploy/vercel/backend.mjs pneumonet.example.com
 *   node deploy/vercel/backend.mjs --check
 *
 * vercel.json cannot read an environment variable, so the name is written into it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const NOBODY = 'backend.invalid'; // a name that never resolves (RFC 6761)
const HOST = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const FILE = resolve('vercel.json');

function main([asked]) {
  const config = readFileSync(FILE, 'utf8');
  const named = /"https:\/\/([^/"]+)\/api\/:path\*"/.exec(config)?.[1];
  if (!named) return fail('vercel.json sends /api nowhere: its rewrite is missing.');
  if (asked === '--check') {
    return named === NOBODY
      ? fail('vercel.json names no service yet. Run: node deploy/vercel/backend.mjs HOST, then commit.')
      : say(`/api goes to https://${named}`);
  }
  const host = asked?.toLowerCase();
  if (!host || !HOST.test(host)) return fail('Name a host alone, as in pneumonet.example.com.');
  writeFileSync(FILE, config.replace(`"https://${named}/api/:path*"`, `"https://${host}/api/:path*"`));
  return say(`/api goes to https://${host} from the next deployment on`);
}

function say(text) {
  console.log(text);
  return 0;
}

function fail(text) {
  console.error(text);
  return 1;
}

process.exitCode = main(process.argv.slice(2));
