import { findJsonFault, findJsonOffset } from '../json-position';
import { parseExactJson } from '../parse-exact-json';
import { howToMakeOne, PlanReadError, type Place, type PlanDocument } from './plan-source';

/** The plans of one JSON value: EXPLAIN prints a list, auto_explain an object. */
export function readJsonPlans(text: string, toPlace: (offset: number) => Place): PlanDocument[] {
  const json = parseJson(text, toPlace);
  if (!Array.isArray(json)) {
    return [{ fields: json, placeOf: (path) => toPlace(findJsonOffset(text, path) ?? 0) }];
  }
  return json.map((fields: unknown, index) => ({
    fields,
    placeOf: (path) => toPlace(findJsonOffset(text, [index, ...path]) ?? 0),
  }));
}

function parseJson(text: string, toPlace: (offset: number) => Place): unknown {
  try {
    return parseExactJson(text);
  } catch {
    const { offset, expected } = findJsonFault(text) ?? { offset: 0, expected: 'JSON' };
    const { line, column } = toPlace(offset);
    const what = offset >= text.trimEnd().length ? 'It ends too early' : `There is ${describe(text, offset)}`;
    throw new PlanReadError(
      'not-json',
      `The plan can't be read as JSON. ${what} at line ${line}, column ${column}, where ${expected} is expected. ` +
        `It may have been cut off or changed by copying. ${howToMakeOne}`,
      line,
      column,
    );
  }
}

function describe(text: string, offset: number): string {
  const [character = ''] = text.slice(offset);
  return /\s/.test(character) ? 'a line break' : `"${character}"`;
}
