// The server's JSON for reading: broken into lines where it came without any, its values never touched.

export interface JsonToken {
  kind: 'name' | 'string' | 'number' | 'literal' | 'plain';
  text: string;
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The same tokens, one element a line. PostgreSQL's own output already has lines and is returned as it is. */
export function toJsonLines(text: string): string[] {
  if (text.includes('\n')) return text.split(/\r?\n/);
  const lines: string[] = [];
  let line = '';
  let depth = 0;
  const breakLine = () => {
    lines.push(line);
    line = '  '.repeat(depth);
  };
  let previous = '';
  for (const [token] of text.matchAll(tokens)) {
    const closes = token === '}' || token === ']';
    if (closes) depth -= 1;
    const emptyPair = closes && (previous === '{' || previous === '[');
    if (previous === '{' || previous === '[' || previous === ',' || closes) {
      if (!emptyPair && lines.length + line.length > 0) breakLine();
    }
    line += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth += 1;
    previous = token;
  }
  lines.push(line);
  return lines;
}

const colored = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;

/** A line in coloured pieces. */
export function toJsonTokens(line: string): JsonToken[] {
  const pieces: JsonToken[] = [];
  let end = 0;
  for (const match of line.matchAll(colored)) {
    if (match.index > end) pieces.push({ kind: 'plain', text: line.slice(end, match.index) });
    const [whole, text, colon, number] = match;
    if (text !== undefined) pieces.push({ kind: colon === undefined ? 'string' : 'name', text });
    else pieces.push({ kind: number === undefined ? 'literal' : 'number', text: whole });
    if (colon !== undefined) pieces.push({ kind: 'plain', text: colon });
    end = match.index + whole.length;
  }
  if (end < line.length) pieces.push({ kind: 'plain', text: line.slice(end) });
  return pieces;
}
