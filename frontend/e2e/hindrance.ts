import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

/** Below this it is noise: on an idle machine it counts as none. */
const NOISE = 1.25;
const SPIN = `
const [started, used] = [performance.now(), process.cpuUsage()];
while (performance.now() - started < 200);
const { user, system } = process.cpuUsage(used);
console.log((performance.now() - started) * 1000 / (user + system));
`;

/** Return how many times longer work on every core takes now than if nobody else worked on this machine. */
export async function hindrance(): Promise<number> {
  const spin = () => promisify(execFile)(process.execPath, ['-e', SPIN]);
  const spun = await Promise.all(Array.from({ length: availableParallelism() }, spin));
  const mean = spun.reduce((sum, { stdout }) => sum + Number(stdout), 0) / spun.length;
  return mean < NOISE ? 1 : mean;
}
