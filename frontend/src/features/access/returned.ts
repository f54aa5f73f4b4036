/** Say whether this address is the one that a provider sends its window back to. */
export function hasReturned(search: string): boolean {
  const said = new URLSearchParams(search);
  return said.has('state') && (said.has('code') || said.has('error'));
}
