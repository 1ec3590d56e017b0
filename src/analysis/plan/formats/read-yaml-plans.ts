// Reads EXPLAIN's YAML, which is a small part of YAML: "Name: value" and "- " by exact indentation, texts as JSON strings,
// and lists within lists in brackets (docs/decisions/0013-plan-formats.md).
import { checkChildren } from './check-children';
import {
  failDamaged,
  isFields,
  Places,
  placeInLine,
  type PlanDocument,
  type PlanFields,
  type SourceLine,
} from './plan-source';
import { toNumber } from './scalar';

interface Container {
  /** Where its lines begin. */
  column: number;
  value: PlanFields | unknown[];
}

/** "Plans:", of which the next line says what it holds. */
interface OpenField {
  of: PlanFields;
  name: string;
  column: number;
}

const figure = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;
const field = /^([^\s"'[{-][^:"]*|"(?:[^"\\]|\\.)*"):(?: +(.*))?$/;

export function readYamlPlans(lines: readonly SourceLine[], { isLogged }: { isLogged: boolean }): PlanDocument[] {
  const places = new Places();
  const documents: unknown[] = [];
  const stack: Container[] = [];
  let open: OpenField | null = null;

  function closeOpen(): void {
    // EXPLAIN prints "Triggers:" also when there are none
    if (open !== null) open.of[open.name] = [];
    open = null;
  }

  /** The container whose lines begin at a column, made where a line below "Name:" is the first of its value. */
  function containerAt(column: number, isList: boolean, line: SourceLine): PlanFields | unknown[] {
    if (open !== null && column > open.column) {
      const value = isList ? [] : {};
      open.of[open.name] = value;
      places.set(value, placeInLine(line, column));
      stack.push({ column, value });
      open = null;
    } else closeOpen();
    while ((stack.at(-1)?.column ?? -1) > column) stack.pop();
    const container = stack.at(-1);
    if (container === undefined && column === 0) {
      const value = isList ? documents : {};
      if (!isList) documents.push(value);
      places.set(value, placeInLine(line, 0));
      stack.push({ column, value });
      return value;
    }
    if (container?.column !== column || Array.isArray(container.value) !== isList) {
      failDamaged('This line is indented as none of a plan can be', placeInLine(line, column));
    }
    return container.value;
  }

  function readField(text: string, column: number, line: SourceLine): void {
    const [, quotedName, value = ''] = field.exec(text) ?? [];
    if (quotedName === undefined) failDamaged('This is no line of a plan in YAML', placeInLine(line, column));
    const of = containerAt(column, false, line) as PlanFields;
    const name = quotedName.startsWith('"') ? String(readScalar(quotedName, column, line)) : quotedName;
    if (value.trim() === '') open = { of, name, column };
    else of[name] = readScalar(value.trim(), column, line);
  }

  for (const line of lines) {
    const text = line.text.trim();
    if (text === '') continue;
    const column = line.text.length - line.text.trimStart().length;
    if (text !== '-' && !text.startsWith('- ')) {
      readField(text, column, line);
      continue;
    }
    const list = containerAt(column, true, line) as unknown[];
    const rest = text.slice(1).trimStart();
    const restColumn = line.text.indexOf(rest, column + 1);
    if (!field.test(rest)) {
      list.push(readScalar(rest, column, line));
      continue;
    }
    const item: PlanFields = {};
    list.push(item);
    places.set(item, placeInLine(line, column));
    stack.push({ column: restColumn, value: item });
    readField(rest, restColumn, line);
  }
  closeOpen();
  const last = lines.findLast(({ text }) => text.trim() !== '');
  return documents.map((document) => {
    if (isFields(document)) checkWhole(document, places, isLogged, last);
    return {
      fields: document,
      placeOf: (path) => (isFields(document) ? places.find(document, path) : { line: 1, column: 1 }),
    };
  });
}

function readScalar(text: string, column: number, line: SourceLine): unknown {
  if (text.startsWith('"') || text.startsWith('[')) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return failDamaged('This text has no end', placeInLine(line, column));
    }
  }
  if (text === 'true') return true;
  if (text === 'false') return false;
  return figure.test(text) ? toNumber(text) : text;
}

/** YAML has no end of its own: a list that was cut off is a shorter list. */
function checkWhole(document: PlanFields, places: Places, isLogged: boolean, last: SourceLine | undefined): void {
  const root = document['Plan'];
  if (!isFields(root)) return;
  const waiting: unknown[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!isFields(node)) continue;
    const children = Array.isArray(node['Plans']) ? node['Plans'].filter(isFields) : [];
    checkChildren(node, children, places.of(node));
    for (const child of children) waiting.push(child);
  }
  if (root['Actual Loops'] === undefined || isLogged || document['Execution Time'] !== undefined) return;
  if (last !== undefined)
    failDamaged('The plan ends without its "Execution Time"', placeInLine(last, last.text.length));
}
