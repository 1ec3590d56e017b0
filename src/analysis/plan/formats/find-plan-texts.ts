// Finds the plans in what a user pasted or saved: the output of psql, rows or a cell copied from pgAdmin, a server log with
// auto_explain's entries, Markdown, or several of these one after the other. What is around a plan is taken off; each line
// keeps its place, so that an error can name it.
import { failDamaged, placeInLine, type SourceLine } from './plan-source';

export type PlanFormat = 'json' | 'text' | 'yaml' | 'xml';

/** Lines of one format with at least one plan in them. */
export interface PlanText {
  format: PlanFormat;
  lines: SourceLine[];
  /** auto_explain prints neither planning nor execution time. */
  isLogged: boolean;
}

export function findPlanTexts(text: string): PlanText[] {
  const lines = text
    .replace(/^\uFEFF/, ' ')
    .split(/\r\n|\n|\r/)
    .map((each, index): SourceLine => ({ text: each, line: index + 1, column: 1 }));
  const entries = findLogEntries(lines);
  const sections = entries ?? findSections(lines);
  return sections.flatMap((section) => splitDocuments(section, entries !== null));
}

const isBlank = ({ text }: SourceLine) => text.trim() === '';

function cut(line: SourceLine, start: number, end?: number): SourceLine {
  return { text: line.text.slice(start, end), line: line.line, column: line.column + start };
}

const logEntry = /duration: [\d.]+ ms {2}plan:/;
/** The head of whatever else a log holds; a line of a plan that looks like it stands behind a tab or in quotes. */
const logHead =
  /(?:^|\s)(?:LOG|NOTICE|WARNING|ERROR|FATAL|PANIC|INFO|DEBUG\d?|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION): {2}/;
const syslogHead = /^.*?\[\d+-\d+\] ?/;
const jsonLogMessage = /^\s*\{.*"message":"duration: [\d.]+ ms {2}plan:/;

/** Plans that auto_explain wrote into a log; null for a text that is no log. */
function findLogEntries(lines: readonly SourceLine[]): SourceLine[][] | null {
  const entries: SourceLine[][] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    const match = line === undefined ? null : logEntry.exec(line.text);
    if (line === undefined || match === null) continue;
    if (jsonLogMessage.test(line.text)) {
      entries.push(readJsonLogLine(line));
      continue;
    }
    const start = match.index + match[0].length;
    const first = cut(line, start);
    if (line.text.charAt(match.index - 1) === '"') {
      const { entry, next } = readQuoted(lines, index, start);
      entries.push(entry);
      index = next;
      continue;
    }
    const entry = isBlank(first) ? [] : [first];
    const isSyslog = syslogHead.test(line.text);
    const isTabbed = lines[index + 1]?.text.startsWith('\t') === true;
    for (let next = lines[index + 1]; next !== undefined; next = lines[index + 1]) {
      const head = isSyslog ? (/^.*?\[\d+-\d+\] ?(?=#011|\t)/.exec(next.text)?.[0] ?? null) : '';
      if (head === null || (isTabbed && !isBlank(next) && !next.text.startsWith('\t'))) break;
      if (!isSyslog && !next.text.startsWith('\t') && (logHead.test(next.text) || logEntry.test(next.text))) break;
      entry.push(withoutTab(cut(next, head.length)));
      index++;
    }
    entries.push(entry);
  }
  return entries.length === 0 ? null : entries;
}

/** A log puts a tab before each further line of an entry; syslog writes it as #011. */
function withoutTab(line: SourceLine): SourceLine {
  if (line.text.startsWith('#011')) return cut(line, 4);
  return line.text.startsWith('\t') ? cut(line, 1) : line;
}

/** A field of a CSV log, up to its closing quote; quotes inside are doubled. */
function readQuoted(lines: readonly SourceLine[], from: number, start: number): { entry: SourceLine[]; next: number } {
  const entry: SourceLine[] = [];
  for (let index = from; index < lines.length; index++) {
    const line = lines[index];
    if (line === undefined) break;
    const rest = index === from ? cut(line, start) : line;
    const end = /(?:^|[^"])(?:"")*"(?!")/.exec(rest.text);
    const isEnd = end !== null;
    const text = isEnd ? rest.text.slice(0, end.index + end[0].length - 1) : rest.text;
    const unquoted = { ...rest, text: text.replaceAll('""', '"') };
    if (index !== from || !isBlank(unquoted)) entry.push(unquoted);
    if (isEnd) return { entry, next: index };
  }
  const last = lines.at(-1);
  return failDamaged(
    'This entry of a CSV log has no end',
    last === undefined ? { line: 1, column: 1 } : placeInLine(last, 0),
  );
}

function readJsonLogLine(line: SourceLine): SourceLine[] {
  let message: unknown;
  try {
    message = (JSON.parse(line.text) as Record<string, unknown>)['message'];
  } catch {
    return failDamaged('This line of a JSON log is not whole', placeInLine(line, 0));
  }
  const [, ...rest] = String(message).split('\n');
  return rest.map((text) => ({ text, line: line.line, column: line.column }));
}

const header = /^[\s|│"]*QUERY PLAN[\s|│"]*$/;
const ruler = /^\s*[-─+┼|├┤┌┐└┘╭╮╰╯═╪]{3,}\s*$/;
const rowCount = /^\s*\(?(\d+) (?:rows?)\)?\s*$/;
const record = /^[-─[+\s]*\[? ?RECORD \d+ ?\]?[-─+┬\s]*$/;
const expanded = /^[|│ ]*QUERY PLAN [|│] /;

/** What psql, pgAdmin or a page of Markdown holds, one section for each result. */
function findSections(all: readonly SourceLine[]): SourceLine[][] {
  const lines = all.filter(({ text }) => !/^[ \t]*```/.test(text));
  const sections: SourceLine[][] = [];
  const starts = lines.flatMap((line, index) => (header.test(line.text) ? [index] : []));
  if (starts.length === 0) return [unwrapRows(lines)];
  for (const [position, start] of starts.entries()) {
    const end = starts[position + 1] ?? lines.length;
    // psql's border 2 has a ruler above the header too, which is then the end of the section before
    const body = lines.slice(start + 1, end);
    while (body[0] !== undefined && ruler.test(body[0].text)) body.shift();
    const footer = body.findIndex(({ text }) => rowCount.test(text));
    const rows = (footer < 0 ? body : body.slice(0, footer)).filter(({ text }) => !ruler.test(text));
    if (footer >= 0) checkRowCount(rows, body[footer]);
    sections.push(unwrapRows(rows));
  }
  return sections;
}

/** psql says how many rows there were: fewer are a plan that was cut. */
function checkRowCount(rows: readonly SourceLine[], footer: SourceLine | undefined): void {
  if (footer === undefined) return;
  const said = Number(rowCount.exec(footer.text)?.[1]);
  const isWrapped = rows[0] !== undefined && wrappedLength(rows[0]) !== null;
  const there = isWrapped ? rows.filter((row) => wrappedLength(row) === null).length : rows.length;
  if (said !== there) failDamaged(`There are ${there} of the ${said} rows that psql counted`, placeInLine(footer, 0));
}

/** The length of a row's text without the mark that it goes on in the next line; null where there is none. */
function wrappedLength({ text }: SourceLine): number | null {
  const trimmed = text.trimEnd();
  return /[+↵]$/.test(trimmed) ? trimmed.slice(0, -1).trimEnd().length : null;
}

/** Rows without the frame of psql and the quotes of pgAdmin. */
function unwrapRows(section: readonly SourceLine[]): SourceLine[] {
  let rows = section.filter(({ text }) => !record.test(text) && !(rowCount.test(text) && text.includes('row')));
  const first = rows.find((row) => !isBlank(row));
  if (first === undefined) return [];
  if (rows.some(({ text }) => expanded.test(text))) {
    rows = rows.map((row) => cut(row, (expanded.exec(row.text) ?? /^[|│ ]*[|│] /.exec(row.text))?.[0].length ?? 0));
  } else if (/^[|│].*[|│]\s*$/.test(first.text)) {
    rows = rows.map((row) => (/^[|│]/.test(row.text) ? cut(row, 1, row.text.replace(/[|│]\s*$/, '').length) : row));
  }
  const [unframed] = rows.filter((row) => !isBlank(row));
  if (unframed !== undefined && wrappedLength(unframed) !== null) {
    rows = rows.map((row) => cut(row, 0, wrappedLength(row) ?? row.text.length));
  }
  return unquoteRows(rows, first);
}

/** pgAdmin puts each copied row in quotes, and those inside are doubled; a cell of many lines has one pair of quotes. */
function unquoteRows(rows: SourceLine[], first: SourceLine): SourceLine[] {
  if (!/^\s*"/.test(first.text)) return rows;
  const undouble = (row: SourceLine): SourceLine => ({ ...row, text: row.text.replaceAll('""', '"') });
  const isQuoted = ({ text }: SourceLine) => /^\s*"[^"]*(?:""[^"]*)*"\s*$/.test(text);
  if (rows.every((row) => isBlank(row) || isQuoted(row))) {
    return rows.map((row) => {
      const start = row.text.indexOf('"') + 1;
      return isBlank(row) ? row : undouble(cut(row, start, row.text.lastIndexOf('"')));
    });
  }
  const last = rows.findLast((row) => !isBlank(row));
  return rows.map((row) => {
    const start = row === first ? row.text.indexOf('"') + 1 : 0;
    const end = row === last && row.text.trimEnd().endsWith('"') ? row.text.lastIndexOf('"') : undefined;
    return undouble(cut(row, start, end));
  });
}

function formatOf(first: SourceLine, section: readonly SourceLine[]): PlanFormat {
  const text = first.text.trim();
  if (/^[[{]/.test(text)) return 'json';
  if (text.startsWith('<')) return 'xml';
  if (/^(?:- )?(?:Plan:$|Query Text: ")/.test(text)) {
    return text.endsWith('Plan:') || section.some((line) => /^\s*Plan:\s*$/.test(line.text)) ? 'yaml' : 'text';
  }
  return 'text';
}

/** Documents of one format each. Those of JSON and XML stand beside one another; YAML and text tell their own plans apart. */
function splitDocuments(section: readonly SourceLine[], isLogged: boolean): PlanText[] {
  const first = section.find((line) => !isBlank(line));
  if (first === undefined) return [];
  const format = formatOf(first, section);
  if (format === 'text' || format === 'yaml') return [{ format, lines: [...section], isLogged }];
  const texts: PlanText[] = [];
  let lines: SourceLine[] = [];
  let before = '';
  for (const line of section) {
    const text = line.text.trim();
    const ends = format === 'json' ? /[\]}]$/ : /<\/explain>$/;
    const begins = format === 'json' ? /^[[{]/ : /^</;
    if (ends.test(before) && begins.test(text)) {
      texts.push({ format, lines, isLogged });
      lines = [];
    }
    lines.push(line);
    if (text !== '') before = text;
  }
  texts.push({ format, lines, isLogged });
  return texts;
}
