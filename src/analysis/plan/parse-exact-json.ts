// JSON.parse, but for integers that a JavaScript number can't hold: those come as the text they were printed as. A query
// identifier has 64 bits, and a rounded one is found in no pg_stat_statements.
import { findStringEnd } from './json-position';

const longDigits = /\d{16}/;
/** A string's beginning, or a whole number. */
const stringOrNumber = /"|-?\d[\d.eE+-]*/g;

/** Throws as JSON.parse does. */
export function parseExactJson(text: string): unknown {
  const rounded = JSON.parse(text) as unknown;
  return longDigits.test(text) ? (JSON.parse(quoteLongIntegers(text)) as unknown) : rounded;
}

/** Of JSON. Strings are passed over: digits in them are no numbers. */
function quoteLongIntegers(text: string): string {
  let quoted = '';
  let copied = 0;
  stringOrNumber.lastIndex = 0;
  for (let match = stringOrNumber.exec(text); match !== null; match = stringOrNumber.exec(text)) {
    const [token] = match;
    if (token === '"') {
      const end = findStringEnd(text, match.index);
      stringOrNumber.lastIndex = end ?? text.length;
    } else if (/^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token))) {
      quoted += `${text.slice(copied, match.index)}"${token}"`;
      copied = match.index + token.length;
    }
  }
  return quoted + text.slice(copied);
}
