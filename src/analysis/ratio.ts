/** Part of the whole, 0 to 1; null when there is nothing to share. */
export function toRatio(part: number, rest: number): number | null {
  return part + rest === 0 ? null : part / (part + rest);
}
