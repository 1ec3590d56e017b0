// The statements of the demo workspace, read from its files: the workload runs them and tests explain them, so what a
// developer sees in the editor is what has made the server busy. This reads only the workspace's own tidy style and uses
// nothing of the product, so that it can't share a mistake with what it helps to test.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Scripts and tests run in the repository's root. */
export const demoWorkspaceFolder = path.resolve('test/fixtures/demo-workspace');

export interface DemoStatement {
  /** File and name: "sql/orders.sql#open_orders", "src/api/orders.ts#linesOfOrder". */
  id: string;
  /** As it stands in the file, with $1, :name, ?, %s, %(name)s or ${hole}; strings of the host language are unescaped. */
  source: string;
  /** The same with $1, $2 ... in place of every other style. */
  numbered: string;
  parameterCount: number;
}

interface NamedText {
  name: string;
  text: string;
}

// `-- name:` lines, as query generators use them, then comments, then one statement that a semicolon ends
const sqlStatement = /^-- name: (?<name>\w+)\n(?:--.*\n)*(?<text>[^;]+);/gm;
// the last function that begins before a string names its statement
const declaration = /^(?:export async function|def|func) (?<name>\w+)/gm;
const startsStatement = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\s/;
const stringLiteral: Record<string, RegExp> = {
  '.ts': /'(?<single>[^'\n]*)'|`(?<block>[^`]*)`/g,
  '.py': /"""(?<block>[^]*?)"""|"(?<single>[^"\n]*)"/g,
  '.go': /"(?<single>[^"\n]*)"|`(?<block>[^`]*)`/g,
};

/** All statements of the workspace, file by file in alphabetical order. */
export async function readDemoStatements(folder = demoWorkspaceFolder): Promise<DemoStatement[]> {
  const files = (await readdir(folder, { recursive: true })).map((file) => file.replaceAll(path.sep, '/')).sort();
  const statements: DemoStatement[] = [];
  for (const file of files) {
    const extension = path.extname(file);
    const literal = stringLiteral[extension];
    if (extension !== '.sql' && literal === undefined) continue;
    const content = await readFile(path.join(folder, file), 'utf8');
    const found = literal === undefined ? statementsOfSql(content) : statementsOfSource(content, literal);
    for (const { name, text } of found) {
      statements.push({ id: `${file}#${name}`, source: text, ...numberParameters(text) });
    }
  }
  return statements;
}

function statementsOfSql(content: string): NamedText[] {
  return [...content.matchAll(sqlStatement)].map((match) => ({
    name: match.groups?.['name'] ?? '',
    text: match.groups?.['text'] ?? '',
  }));
}

function statementsOfSource(content: string, literal: RegExp): NamedText[] {
  const declarations = [...content.matchAll(declaration)];
  const found: NamedText[] = [];
  for (const match of content.matchAll(literal)) {
    const text = match.groups?.['block'] ?? match.groups?.['single'] ?? '';
    if (!startsStatement.test(text)) continue;
    const name = declarations.findLast((each) => each.index < match.index)?.groups?.['name'] ?? '';
    found.push({ name, text });
  }
  return found;
}

/** `?` and `%s` get a new number each, a name keeps its first one. */
function numberParameters(text: string): { numbered: string; parameterCount: number } {
  const numbers = new Map<string, number>();
  let parameterCount = 0;
  const numbered = text.replace(
    /\$(?<given>\d+)|(?<!:):(?<colon>[a-z_]+)|%\((?<python>\w+)\)s|\$\{(?<hole>\w+)\}|(?<next>\?|%s)|%%/g,
    (...match: unknown[]) => {
      const groups = match.at(-1) as Partial<Record<'given' | 'colon' | 'python' | 'hole' | 'next', string>>;
      if (groups.given !== undefined) {
        parameterCount = Math.max(parameterCount, Number(groups.given));
        return `$${groups.given}`;
      }
      if (groups.next !== undefined) return `$${++parameterCount}`;
      const name = groups.colon ?? groups.python ?? groups.hole;
      if (name === undefined) return '%';
      const number = numbers.get(name) ?? ++parameterCount;
      numbers.set(name, number);
      return `$${number}`;
    },
  );
  return { numbered, parameterCount };
}
