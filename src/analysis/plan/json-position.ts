// Where in a JSON text something is. JSON.parse says it differently in every engine and often not at all, and knows
// nothing about where a value came from; a user who pasted half a plan needs the line. Iterative: plans nest deeply.

export type JsonPath = readonly (string | number)[];

export interface JsonFault {
  /** UTF-16 offset of the first character that can't be part of the JSON. */
  offset: number;
  expected: string;
}

type Scan = { found: 'fault'; fault: JsonFault } | { found: 'value'; offset: number } | { found: 'end' };

interface Container {
  kind: 'array' | 'object';
  /** Index or key of the value being read. */
  step: string | number;
}

const whitespace = /[ \t\r\n]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const unicodeEscape = /[0-9a-fA-F]{4}/y;

/** Length of the match at `offset`, -1 when there is none. */
function matchLength(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex - offset : -1;
}

/** Offset after the closing quote, or the fault. Not a regular expression: those overflow on very long strings. */
function scanString(text: string, start: number): number | JsonFault {
  for (let offset = start + 1; offset < text.length; offset++) {
    const character = text.charAt(offset);
    if (character === '"') return offset + 1;
    if (character < ' ') return { offset, expected: 'no line break or control character inside a string' };
    if (character !== '\\') continue;
    offset++;
    if (text.charAt(offset) === 'u') {
      if (matchLength(unicodeEscape, text, offset + 1) < 0) return { offset, expected: 'four hexadecimal digits' };
      offset += 4;
    } else if (text.charAt(offset) === '' || !'"\\/bfnrt'.includes(text.charAt(offset))) {
      return { offset, expected: 'an escape that JSON knows' };
    }
  }
  return { offset: text.length, expected: 'the end of a string' };
}

function scanJson(text: string, target: JsonPath | null): Scan {
  const containers: Container[] = [];
  let offset = 0;
  const fault = (expected: string, at = offset): Scan => ({ found: 'fault', fault: { offset: at, expected } });
  const skipWhitespace = () => (offset += matchLength(whitespace, text, offset));
  /** Reads `"key" :` of an object; null when all is well. */
  const scanKey = (container: Container): Scan | null => {
    skipWhitespace();
    if (text.charAt(offset) !== '"') return fault('a field name in double quotes');
    const end = scanString(text, offset);
    if (typeof end !== 'number') return fault(end.expected, end.offset);
    container.step = JSON.parse(text.slice(offset, end)) as string;
    offset = end;
    skipWhitespace();
    if (text.charAt(offset) !== ':') return fault('a colon after a field name');
    offset++;
    return null;
  };
  for (;;) {
    // a value begins here
    skipWhitespace();
    if (target?.length === containers.length && containers.every(({ step }, depth) => step === target[depth])) {
      return { found: 'value', offset };
    }
    const opening = text.charAt(offset);
    let complete = true;
    if (opening === '{' || opening === '[') {
      const container: Container = { kind: opening === '{' ? 'object' : 'array', step: 0 };
      offset++;
      skipWhitespace();
      if (text.charAt(offset) === (opening === '{' ? '}' : ']')) {
        offset++;
      } else {
        if (container.kind === 'object') {
          const failed = scanKey(container);
          if (failed !== null) return failed;
        }
        containers.push(container);
        complete = false;
      }
    } else if (opening === '"') {
      const end = scanString(text, offset);
      if (typeof end !== 'number') return fault(end.expected, end.offset);
      offset = end;
    } else {
      const length = matchLength(scalar, text, offset);
      if (length < 0) return fault('a value');
      offset += length;
    }
    // after a value: close what ends here, then go on to the next one
    while (complete) {
      skipWhitespace();
      const container = containers.at(-1);
      if (container === undefined) {
        return offset === text.length ? { found: 'end' } : fault('nothing after the end of the JSON');
      }
      const next = text.charAt(offset);
      if (next === ',') {
        offset++;
        if (typeof container.step === 'number') container.step++;
        if (container.kind === 'object') {
          const failed = scanKey(container);
          if (failed !== null) return failed;
        }
        complete = false;
      } else if (next === (container.kind === 'object' ? '}' : ']')) {
        offset++;
        containers.pop();
      } else {
        return fault(container.kind === 'object' ? 'a comma or }' : 'a comma or ]');
      }
    }
  }
}

/** Offset after the string that begins at `start`; null when it does not end. */
export function findStringEnd(text: string, start: number): number | null {
  const end = scanString(text, start);
  return typeof end === 'number' ? end : null;
}

/** The first place where a text stops being JSON; null when it is JSON. */
export function findJsonFault(text: string): JsonFault | null {
  const scan = scanJson(text, null);
  return scan.found === 'fault' ? scan.fault : null;
}

/** Where the value at a path begins; null when it is not there. */
export function findJsonOffset(text: string, path: JsonPath): number | null {
  const scan = scanJson(text, path);
  return scan.found === 'value' ? scan.offset : null;
}

/** Line and column, both from 1, the column in UTF-16 units. */
export function toLineColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: offset - lastBreak };
}
