/** Whether two connections would be taken for one another: the terminal's --profile does not mind capitals. */
export function isSameName(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}
