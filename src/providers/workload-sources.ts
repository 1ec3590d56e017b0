// The statements that a workload is made of: those of pg_stat_statements with their calls; those of files, of folders and
// of a selection, once each. What is left out is counted, and said.
import * as vscode from 'vscode';
import { formatCount, formatQuantity } from '../analysis/format/numbers';
import { findEmbeddedStatements } from '../analysis/sql/embedded-sql';
import { numberPlaceholders } from '../analysis/sql/placeholders';
import { splitStatements } from '../analysis/sql/split-statements';
import { stripExplain } from '../analysis/sql/strip-explain';
import type { StatementEntry } from '../analysis/statements/statement-list';
import { findExplainObstacle, shortenStatement, stripPrepare } from '../analysis/statements/statement-text';
import type { StatementSource } from '../webviews/protocol';
import type { WorkloadSource } from '../webviews/workload-protocol';
import { isExplainable, longestText } from './explain-lenses';
import { isSqlLanguage, readString } from './source-text';
import { toTitle } from './statement-target';

/** Before anything is planned. */
export interface Workload {
  /** Behind "Index Advice: ". */
  title: string;
  statements: WorkloadSource[];
  /** Where they come from, how often they count, and what was left out: a sentence each. */
  notes: string[];
}

/** Planning that many takes minutes. pg_stat_statements keeps five thousand, of which the first thousand are all of the load. */
const mostStatements = 1_000;
/** A folder with more is not a project but a disk. */
const mostFiles = 5_000;
const titleLength = 60;

/** By the ending of a file's name. */
const languages: Readonly<Record<string, string>> = {
  ...{ sql: 'sql', pgsql: 'sql', psql: 'sql' },
  ...{ ts: 'typescript', mts: 'typescript', cts: 'typescript', tsx: 'typescriptreact' },
  ...{ js: 'javascript', mjs: 'javascript', cjs: 'javascript', jsx: 'javascriptreact' },
  ...{ py: 'python', go: 'go' },
};
/** What others wrote, or a tool. */
const excludePattern = '**/{node_modules,vendor,dist,out,build,target,.git,.venv,venv,__pycache__}/**';

interface FoundStatement {
  title: string;
  sql: string;
  source: StatementSource;
}

interface Collected {
  found: FoundStatement[];
  /** Statements that EXPLAIN does not take. */
  others: number;
  /** Strings that are put together of several. */
  joined: number;
}

/** `entries` are in the order of the list; `since` says from when they are counted. */
export function toSlowQueryWorkload(
  title: string,
  entries: readonly StatementEntry[],
  since: string,
  hiddenFix: string,
): Workload {
  const hidden = entries.filter(({ statement: { text } }) => text === null).length;
  const utilities = entries.filter(
    ({ statement: { text } }) => text !== null && findExplainObstacle(text) !== null,
  ).length;
  const texts = entries.flatMap(({ statement }) =>
    statement.text === null || findExplainObstacle(statement.text) !== null
      ? []
      : [{ text: stripPrepare(statement.text), calls: statement.calls, totalExecMs: statement.totalExecMs }],
  );
  // the server counts a statement for each role and each nesting apart
  const calls = new Map<string, { calls: number; totalExecMs: number }>();
  for (const each of texts) {
    const before = calls.get(each.text) ?? { calls: 0, totalExecMs: 0 };
    calls.set(each.text, {
      calls: before.calls + each.calls,
      totalExecMs: before.totalExecMs + each.totalExecMs,
    });
  }
  const ordered = [...calls].sort(([, a], [, b]) => b.totalExecMs - a.totalExecMs);
  const ids = new UniqueNames();
  return {
    title,
    statements: ordered.slice(0, mostStatements).map(([text, counted]) => ({
      id: ids.take(shortenStatement(text, titleLength)),
      ...toNumbered(text),
      calls: counted.calls,
      source: null,
    })),
    notes: [
      `Statements of pg_stat_statements, each as often as it was called ${since}; planned for unknown values.`,
      ...describeLimit(ordered.length, 'those that took the most time'),
      ...(utilities === 0 ? [] : [`${describeOthers(utilities)} left out: EXPLAIN does not take them.`]),
      ...(hidden === 0
        ? []
        : [
            `${formatQuantity(hidden, 'statement is', 'statements are')} left out, whose text is hidden from this role. To see it: ${hiddenFix}`,
          ]),
    ],
  };
}

export function toFileWorkload(title: string, collected: readonly Collected[], notes: readonly string[]): Workload {
  const found = collected.flatMap((each) => each.found);
  const sum = (of: 'others' | 'joined') => collected.reduce((total, each) => total + each[of], 0);
  const once = new Map<string, FoundStatement>();
  for (const each of found) {
    const { sql } = toNumbered(each.sql);
    if (!once.has(sql)) once.set(sql, each);
  }
  const [others, joined] = [sum('others'), sum('joined')];
  const ids = new UniqueNames();
  return {
    title,
    statements: [...once.values()].slice(0, mostStatements).map(({ title: name, sql, source }) => ({
      id: ids.take(name),
      ...toNumbered(sql),
      calls: null,
      source,
    })),
    notes: [
      'Nobody has counted how often these statements run: each counts once, and what indexes cost on writes is only told.',
      ...notes,
      ...(found.length === once.size
        ? []
        : [
            `${formatQuantity(found.length - once.size, 'statement stands', 'statements stand')} there more than once.`,
          ]),
      ...describeLimit(once.size, 'the first ones'),
      ...(others === 0 ? [] : [`${describeOthers(others)} left out: EXPLAIN does not take them.`]),
      ...(joined === 0
        ? []
        : [
            `${formatQuantity(joined, 'statement is', 'statements are')} left out that the program puts together of several strings.`,
          ]),
    ],
  };
}

const describeOthers = (count: number) => formatQuantity(count, 'other statement is', 'other statements are');

function describeLimit(count: number, which: string): string[] {
  return count <= mostStatements
    ? []
    : [`Of ${formatCount(count)} statements ${which} were looked at: ${formatCount(mostStatements)}.`];
}

function toNumbered(text: string): Pick<WorkloadSource, 'sql' | 'parameters'> {
  const { sql, parameters } = numberPlaceholders(stripExplain(text).sql);
  return { sql, parameters: parameters.length === 0 ? { mode: 'none' } : { mode: 'generic' } };
}

class UniqueNames {
  readonly #counts = new Map<string, number>();

  take(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  }
}

export function isAdvisableFile(uri: vscode.Uri): boolean {
  return toLanguage(uri) !== null;
}

function toLanguage({ path }: vscode.Uri): string | null {
  return languages[/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? null;
}

/** As the editor has it where it is open: what is not saved yet counts too. */
export async function collectFile(uri: vscode.Uri): Promise<Collected> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  const languageId = toLanguage(uri) ?? open?.languageId ?? 'sql';
  // opening a document would have it looked at for missing indexes
  const text = open?.getText() ?? new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  return collectText(uri, text, languageId);
}

export async function collectFolder(
  folder: vscode.Uri,
  say: (what: string) => void,
  signal: AbortSignal,
): Promise<{ collected: Collected[]; notes: string[] }> {
  const pattern = new vscode.RelativePattern(folder, `**/*.{${Object.keys(languages).join(',')}}`);
  const uris = await vscode.workspace.findFiles(pattern, excludePattern, mostFiles);
  uris.sort((a, b) => (a.path < b.path ? -1 : 1));
  const collected: Collected[] = [];
  let unreadable = 0;
  for (const [at, uri] of uris.entries()) {
    if (signal.aborted) break;
    if (at % 50 === 0) say(`${formatCount(at)} of ${formatQuantity(uris.length, 'file')}`);
    try {
      collected.push(await collectFile(uri));
    } catch {
      unreadable++;
    }
  }
  const withSql = collected.filter(({ found }) => found.length > 0).length;
  return {
    collected,
    notes: [
      `${formatQuantity(uris.length, 'file was', 'files were')} read; ${formatCount(withSql)} of them with SQL.`,
      ...(uris.length < mostFiles ? [] : ['There are more files, which were not read.']),
      ...(unreadable === 0 ? [] : [`${formatQuantity(unreadable, 'file')} could not be read.`]),
    ],
  };
}

export function collectText(uri: vscode.Uri, text: string, languageId: string): Collected {
  if (text.length > longestText) return { found: [], others: 0, joined: 0 };
  const toPosition = makePositions(text);
  const collected: Collected = { found: [], others: 0, joined: 0 };
  const add = (sql: string, toOffset: (offset: number) => number) => {
    for (const { start, end, leadingStart } of splitStatements(sql)) {
      const statement = sql.slice(start, end);
      if (!isExplainable(statement)) {
        collected.others++;
        continue;
      }
      collected.found.push({
        title: toTitle(sql.slice(leadingStart, start), statement),
        sql: statement,
        source: { uri: uri.toString(), start: toPosition(toOffset(start)), end: toPosition(toOffset(end - 1) + 1) },
      });
    }
  };
  if (isSqlLanguage(languageId)) {
    add(text, (offset) => offset);
    return collected;
  }
  const { found, joined } = findEmbeddedStatements(text, languageId);
  for (const literal of found) {
    const { sql, toSourceOffset } = readString(text, literal, languageId);
    add(sql, toSourceOffset);
  }
  return { ...collected, joined };
}

/** From a UTF-16 offset to line and character. */
function makePositions(text: string): (offset: number) => { line: number; character: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: offset - (starts[low] ?? 0) };
  };
}
