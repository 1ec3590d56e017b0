/**
 * Whether a case of a long list runs on this major: all of them on the oldest and the newest, where what servers can do
 * differs most, and each on one of those between, in turn.
 */
export function isInTurn(major: number, at: number): boolean {
  if (major === 15) return at % 2 === 0;
  return major === 16 ? at % 2 === 1 : true;
}
