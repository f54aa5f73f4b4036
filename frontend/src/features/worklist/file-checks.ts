/** What a file's size and first bytes tell before anything is sent. */
import type { Refusal } from './film';

export const MOST_BYTES = 10 * 2 ** 20;
const JPEG = [0xff, 0xd8, 0xff];
const PNG = [0x89, 0x50, 0x4e, 0x47];
const PNG_BIT_DEPTH_AT = 24;

/** Say why a file is not worth sending; null if it is. */
export async function refusalOf(file: File): Promise<Refusal | null> {
  if (file.size === 0) return 'empty';
  const head = await firstBytes(file);
  if (!head) return 'unreadable';
  if (!begins(head, JPEG) && !begins(head, PNG)) return 'wrong_type';
  return file.size > MOST_BYTES ? 'too_large' : null;
}

/** Say whether a picture has more grey levels than a browser shows. */
export async function isSixteenBit(file: File): Promise<boolean> {
  const head = await firstBytes(file);
  return begins(head, PNG) && head?.[PNG_BIT_DEPTH_AT] === 16;
}

export async function isReadable(file: File): Promise<boolean> {
  return (await firstBytes(file)) !== null;
}

/** Return what a file begins with; null for a folder, or a file that is gone. */
async function firstBytes(file: File): Promise<Uint8Array | null> {
  const head = file.slice(0, PNG_BIT_DEPTH_AT + 1).arrayBuffer();
  return head.then(
    (bytes) => new Uint8Array(bytes),
    () => null,
  );
}

function begins(head: Uint8Array | null, signature: readonly number[]): boolean {
  return signature.every((byte, at) => head?.[at] === byte);
}
