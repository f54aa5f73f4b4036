/** An OpenID provider of our own, at an address of its own: it signs what it gives, and publishes its key. */
import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from './service';

export const CLIENT = 'the-page';
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface Provider {
  issuer: string;
  /** The roles that the next token names. */
  roles: string[];
  stop: () => void;
}

/** Start the provider; whoever follows its link is the reader. */
export async function startProvider(): Promise<Provider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider: Provider = { issuer, roles: ['radiologist'], stop: () => server.close() };

  const sign = (claims: object) => {
    const now = Math.floor(Date.now() / 1000);
    const said = { iss: issuer, aud: CLIENT, sub: 'reader', iat: now, exp: now + 300, ...claims };
    const signed = `${encode({ alg: 'RS256', kid: 'key-1', typ: 'JWT' })}.${encode(said)}`;
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`;
  };
  const json = (response: ServerResponse, value: object) => {
    response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
    response.end(JSON.stringify(value));
  };
  const answers: Record<string, (asked: URL, request: IncomingMessage, response: ServerResponse) => unknown> =
    {
      '/.well-known/openid-configuration': (_, __, response) =>
        json(response, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
        }),
      '/keys': (_, __, response) =>
        json(response, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'key-1', use: 'sig' }] }),
      '/authorize': ({ searchParams }, _, response) => {
        const back = `${searchParams.get('redirect_uri')}?code=the-code&state=${searchParams.get('state')}`;
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end(`<a href="${back}">I am a reader</a>`);
      },
      '/token': async (_, request, response) => {
        await text(request);
        const token = sign({ roles: provider.roles });
        json(response, { access_token: token, token_type: 'Bearer', expires_in: 300, id_token: sign({}) });
      },
    };
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '/', issuer);
    const answer = answers[asked.pathname];
    if (answer) void answer(asked, request, response);
    else response.writeHead(404).end();
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return provider;
}
