/** What Vercel would do with a request, by vercel.json as Vercel's own compiler reads it. */
import { getTransformedRoutes, isHandler } from '@vercel/routing-utils';
import config from '../../../vercel.json';

export { config };

export interface Routed {
  headers: Record<string, string>;
  /** A file of the build, another address, or null: not found. */
  destination: string | null;
}

const { routes, error } = getTransformedRoutes(config);
if (error) throw new Error(error.message);

/** Take a path through the routes, where the build holds such files. */
export function route(path: string, isFile: (path: string) => boolean): Routed {
  const headers: Record<string, string> = {};
  const asFile = path === '/' ? '/index.html' : path;
  for (const each of routes ?? []) {
    if (isHandler(each)) {
      if (isFile(asFile)) return { headers, destination: asFile };
      continue;
    }
    const match = new RegExp(each.src).exec(path);
    if (!match) continue;
    for (const [name, value] of Object.entries(each.headers ?? {})) headers[name.toLowerCase()] = value;
    if (each.continue) continue;
    const destination = each.dest?.replace(/\$(\d)/g, (_, at: string) => match[Number(at)] ?? '') ?? null;
    return { headers, destination };
  }
  return { headers, destination: null };
}
