// Values of the formats that print no types: TEXT and XML. EXPLAIN's JSON tells a figure from a text; here the name and
// the look of a value have to. A number that a field of an extension holds as text comes out as a number.

/** Fields that hold SQL or names, whatever they look like: `Filter: false`, an alias "1". */
const textName =
  /^(?!Rows Removed by ).*(?:Cond|Filter|Condition|Call|SQL|Key|Name|Alias|Schema|Relation|Order By|Window|Text|Relations|Provider|Type)$/;
const figure = /^(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?: ?(?:kB|bytes|b|ms))?$/;

/** A number where it can hold the value exactly, else the text: a query identifier has 64 bits. */
export function toNumber(text: string): number | string {
  const number = Number(text);
  return !/^-?\d+$/.test(text) || Number.isSafeInteger(number) ? number : text;
}

export function toScalar(name: string, text: string): unknown {
  if (textName.test(name)) return text;
  if (text === 'true') return true;
  if (text === 'false') return false;
  const [, digits] = figure.exec(text) ?? [];
  return digits === undefined ? text : toNumber(digits);
}
