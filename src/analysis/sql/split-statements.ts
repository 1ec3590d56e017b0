// Cuts a script into statements as psql does: the parser takes one statement at a time, and one that is broken or half
// typed must not take its neighbours with it.
import { lexSql, type SqlToken } from './lex-sql';
import type { TextRange } from './sql-parser';

/** From the statement's first token to its last one: no comment before it, no semicolon after it. */
export interface StatementRange extends TextRange {
  /** Where the comments above the statement begin; the statement's own start when there are none. */
  leadingStart: number;
  /** Behind the semicolon or psql command that ended it. */
  terminatedEnd: number;
}

/** psql commands that send the statement before them. */
const sendingCommand = /^\\(?:g|gx|gset|gexec|gdesc|crosstabview|watch|bind|bind_named|parse)(?![A-Za-z])/;
const copyFromClient = /\bfrom\s+stdin\b/i;
const endOfCopyData = /(?:^|\n)\\\.[ \t]*(?=\r?\n|$)/g;

/** Words that begin a statement and, at the start of a line behind a semicolon, hardly anything else. */
const statementStart =
  /^(?:select|insert|update|delete|merge|with|values|create|alter|drop|truncate|grant|revoke|begin|commit|rollback|explain|set|do|copy|call|vacuum|analyze|refresh|comment)$/;

/** Whether a statement that begins with these words may have semicolons inside parentheses. */
function isRule(words: readonly string[]): boolean {
  return words[0] === 'create' && (words[1] === 'rule' || (words[1] === 'or' && words[3] === 'rule'));
}

function findCopyDataEnd(text: string, from: number): number {
  const line = text.indexOf('\n', from);
  if (line < 0) return from;
  endOfCopyData.lastIndex = line;
  const match = endOfCopyData.exec(text);
  return match === null ? from : match.index + match[0].length;
}

/** One statement while its tokens come in. */
class OpenStatement {
  start = -1;
  end = -1;
  leadingStart = -1;
  depth = 0;
  /** BEGIN ATOMIC ... END and the CASE ... END in it. */
  atomicDepth = 0;
  words: string[] = [];
  lastWord = '';

  get isEmpty(): boolean {
    return this.start < 0;
  }

  add(token: SqlToken, text: string): void {
    if (this.leadingStart < 0) this.leadingStart = token.start;
    if (token.kind === 'comment') return;
    if (this.isEmpty) this.start = token.start;
    this.end = token.end;
    const word = token.kind === 'word' ? text.slice(token.start, token.end).toLowerCase() : '';
    if (word === '') {
      const character = token.kind === 'punctuation' ? text.charAt(token.start) : '';
      if (character === '(') this.depth += 1;
      if (character === ')') this.depth -= 1;
    } else {
      if (this.words.length < 4) this.words.push(word);
      if (word === 'atomic' && this.lastWord === 'begin') this.atomicDepth += 1;
      else if (this.atomicDepth > 0 && word === 'case') this.atomicDepth += 1;
      else if (this.atomicDepth > 0 && word === 'end') this.atomicDepth -= 1;
    }
    this.lastWord = word;
  }
}

function cut(text: string, from: number, to: number): StatementRange[] {
  const ranges: StatementRange[] = [];
  let open = new OpenStatement();
  const close = (terminatedEnd: number) => {
    if (!open.isEmpty) {
      // an unclosed quote runs into the white space at the end
      const end = open.start + text.slice(open.start, open.end).trimEnd().length;
      ranges.push({ start: open.start, end, leadingStart: open.leadingStart, terminatedEnd });
    }
    open = new OpenStatement();
  };
  const scanned = text.slice(0, to);
  let tokens = lexSql(scanned, from);
  for (;;) {
    const next = tokens.next();
    if (next.done === true) break;
    const token = next.value;
    if (token.kind === 'psql') {
      if (sendingCommand.test(scanned.slice(token.start, token.end))) close(token.end);
      continue;
    }
    // a comment behind the semicolon belongs to the statement before it
    const previousEnd = ranges.at(-1)?.terminatedEnd;
    if (token.kind === 'comment' && open.leadingStart < 0 && previousEnd !== undefined) {
      if (!scanned.slice(previousEnd, token.start).includes('\n')) continue;
    }
    if (scanned[token.start] !== ';' || token.kind !== 'punctuation') {
      open.add(token, scanned);
      continue;
    }
    // an unclosed parenthesis: the statement ends where the next line begins like a new one
    const resumes = open.depth > 0 && !isRule(open.words) && startsStatementOnNextLine(scanned, token.end);
    if ((open.depth > 0 && !resumes) || open.atomicDepth > 0) {
      open.add(token, scanned);
      continue;
    }
    const takesData =
      open.words[0] === 'copy' && copyFromClient.test(scanned.slice(open.start, open.end)) && !open.isEmpty;
    const wasEmpty = open.isEmpty;
    if (wasEmpty) open = new OpenStatement();
    else close(token.end);
    if (takesData) {
      tokens = lexSql(scanned, findCopyDataEnd(scanned, token.end));
    }
  }
  close(to);
  return ranges;
}

function startsStatementOnNextLine(text: string, from: number): boolean {
  for (const token of lexSql(text, from)) {
    if (token.kind === 'comment') continue;
    return (
      token.kind === 'word' &&
      text.slice(from, token.start).includes('\n') &&
      statementStart.test(text.slice(token.start, token.end).toLowerCase())
    );
  }
  return false;
}

/**
 * Cuts again inside a statement that the parser refuses: an unclosed quote swallows everything up to the next one, so
 * here a semicolon at the end of a line counts wherever it stands, when the next line begins like a statement.
 */
function resync(text: string, broken: StatementRange): StatementRange[] {
  const cuts: number[] = [];
  const semicolonAtLineEnd = /;(?=[ \t]*(?:--[^\n]*)?\r?\n)/g;
  semicolonAtLineEnd.lastIndex = broken.start;
  for (
    let match = semicolonAtLineEnd.exec(text);
    match !== null && match.index < broken.end;
    match = semicolonAtLineEnd.exec(text)
  ) {
    if (startsStatementOnNextLine(text, match.index + 1)) cuts.push(match.index);
  }
  if (cuts.length === 0) return [broken];
  const starts = [broken.leadingStart, ...cuts.map((semicolon) => semicolon + 1)];
  const ends = [...cuts, broken.terminatedEnd];
  return starts.flatMap((start, index) => cut(text, start, ends[index] ?? broken.terminatedEnd));
}

/**
 * The statements of `text`, in order, none overlapping. With `accepts` (does the parser take this statement?) a broken
 * statement is cut once more, so that the healthy ones it swallowed are found.
 */
export function splitStatements(text: string, accepts?: (statement: string) => boolean): StatementRange[] {
  const ranges = cut(text, 0, text.length);
  if (accepts === undefined) return ranges;
  return ranges.flatMap((range) => (accepts(text.slice(range.start, range.end)) ? [range] : resync(text, range)));
}

/**
 * The statement that a cursor at `offset` means: the one around it, else the one that ended on the same line, else the
 * one whose comment the cursor is in. Null between statements.
 */
export function findStatementAt(
  text: string,
  offset: number,
  statements: readonly StatementRange[] = splitStatements(text),
): StatementRange | null {
  const around = statements.find((each) => each.start <= offset && offset <= each.terminatedEnd);
  // at `;|select` the cursor touches two: the one it stands before is meant
  if (around !== undefined) {
    return offset === around.terminatedEnd ? (statements.find((each) => each.start === offset) ?? around) : around;
  }
  const before = statements.findLast((each) => each.terminatedEnd <= offset);
  const after = statements.find((each) => each.start > offset);
  const sameLine = (start: number, end: number) => !text.slice(start, end).includes('\n');
  if (before !== undefined && sameLine(before.terminatedEnd, offset)) return before;
  if (after !== undefined && (after.leadingStart <= offset || sameLine(offset, after.start))) return after;
  return null;
}
