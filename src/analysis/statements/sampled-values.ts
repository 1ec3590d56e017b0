// Values for the parameters of a statement that nobody has typed any for: what pg_stats knows of the columns they are
// compared with.
import type { TypicalValues } from '../explain/explain';
import { lexSql } from '../sql/lex-sql';

/** One entry a parameter; null where nothing is known. */
export function findSampledValues(sql: string, typical: readonly (TypicalValues | null)[]): (string | null)[] {
  const arrays = findArrayParameters(sql);
  const uses = new Map<string, number>();
  return typical.map((known, index) => {
    if (known === null || known.values.length === 0) return null;
    const use = uses.get(known.column) ?? 0;
    uses.set(known.column, use + 1);
    const value = pickValue(known, use);
    return value === null || !arrays.has(index + 1) ? value : `{"${value.replaceAll(/["\\]/g, '\\$&')}"}`;
  });
}

/** The most common value, or the middle of the histogram; the next ones for another use, so that ranges are not empty. */
function pickValue({ values }: TypicalValues, use: number): string | null {
  const bounds = values.filter(({ frequency }) => frequency === null);
  const common = values.filter(({ frequency }) => frequency !== null);
  const [from, first] = common.length > 0 ? [common, 0] : [bounds, Math.floor((bounds.length - 1) / 2)];
  return from[Math.min(first + use, from.length - 1)]?.value ?? null;
}

/** $n of ANY ($n), ALL ($n) and SOME ($n): they take an array, also with a cast behind them. */
function findArrayParameters(sql: string): ReadonlySet<number> {
  const found = new Set<number>();
  let before = ['', ''];
  for (const token of lexSql(sql)) {
    if (token.kind === 'comment') continue;
    const word = sql.slice(token.start, token.end).toLowerCase();
    if (token.kind === 'parameter' && before[1] === '(' && /^(?:any|all|some)$/.test(before[0] ?? '')) {
      found.add(Number(word.slice(1)));
    }
    before = [before[1] ?? '', word];
  }
  return found;
}
