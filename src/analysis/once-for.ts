/**
 * Works the answer out once for an array of rows, as long as that is there: several rules ask the same about the 30,000
 * indexes of one snapshot. Rows are never changed, so the answer stays right.
 */
export function onceFor<Rows extends readonly object[], Answer>(find: (rows: Rows) => Answer): (rows: Rows) => Answer {
  const known = new WeakMap<Rows, { answer: Answer }>();
  return (rows) => {
    const found = known.get(rows);
    if (found !== undefined) return found.answer;
    const answer = find(rows);
    known.set(rows, { answer });
    return answer;
  };
}
