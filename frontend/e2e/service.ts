/** The real service: gunicorn with the committed networks and the built page, at an address of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PYTHON = `${ROOT}.venv/bin/python`;
const PATIENCE_MS = 120_000;

export interface Service {
  url: string;
  stop: () => Promise<void>;
}

/** Start the service and wait until its networks are loaded. */
export async function startService(port?: number, settings: NodeJS.ProcessEnv = {}): Promise<Service> {
  const chosen = port ?? (await freePort());
  return start(chosen, ['gunicorn', '--config', 'backend/gunicorn.conf.py'], {
    PORT: String(chosen),
    ...settings,
  });
}

/** Start what the container runs: the same with its nginx in front. */
export async function startContainer(): Promise<Service> {
  const [outer, inner] = [await freePort(), await freePort()];
  return start(outer, ['docker.entrypoint'], {
    NGINX_HOST: '127.0.0.1',
    NGINX_PORT: String(outer),
    PORT: String(inner),
    PUBLIC: '1', // as the image says
    ALLOW_ANONYMOUS: '1',
  });
}

async function start(port: number, module: string[], settings: NodeJS.ProcessEnv): Promise<Service> {
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(PYTHON, ['-m', ...module], {
    cwd: ROOT,
    env: { ...process.env, WARM_UP: '1', LOG_LEVEL: 'ERROR', ...settings },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await untilLoaded(url, child);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { url, stop: () => end(child) };
}

async function untilLoaded(url: string, child: ChildProcess): Promise<void> {
  for (const started = Date.now(); Date.now() - started < PATIENCE_MS; ) {
    if (child.exitCode !== null) throw new Error(`The service ended with code ${child.exitCode}.`);
    const health = await fetch(`${url}/health`).then(
      (response) => response.json(),
      () => null,
    );
    if (health?.models_loaded) return;
    if (health?.error) throw new Error(`The service cannot load its networks: ${health.error}`);
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error('The service did not load its networks in time.');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Return a port below those that clients are given: one that knocks before the server is up may meet itself. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer().listen(port, '127.0.0.1');
    const free = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
