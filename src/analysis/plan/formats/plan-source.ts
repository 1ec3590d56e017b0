// What all readers of plans share: the lines of a plan with their places in the user's text, the document that they make
// of them, and the error that says where a plan is broken.
import type { JsonPath } from '../json-position';

export type PlanReadProblem = 'empty' | 'not-json' | 'damaged' | 'not-a-plan' | 'several-plans' | 'no-such-plan';

/** Why a text could not be read as a plan, where, and what to do about it: the message says all of it in words. */
export class PlanReadError extends Error {
  override readonly name = 'PlanReadError';

  constructor(
    readonly problem: PlanReadProblem,
    message: string,
    /** From 1, in the text as it was given. */
    readonly line: number,
    /** From 1, in UTF-16 units. */
    readonly column: number,
    /** How many plans the text holds; 0 when that was not found out. */
    readonly planCount = 0,
  ) {
    super(message);
  }
}

export const howToMakeOne = 'Run EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) and give its whole output.';

/** A place in the text as it was given, both from 1. */
export interface Place {
  line: number;
  column: number;
}

/** A line without what psql, pgAdmin or a log put around it. */
export interface SourceLine {
  text: string;
  /** From 1, in the text as it was given. */
  line: number;
  /** Where `text` begins in that line, from 1. */
  column: number;
}

export type PlanFields = Record<string, unknown>;

/** What EXPLAIN printed for one statement, with the names and the nesting of its JSON whatever the format. */
export interface PlanDocument {
  fields: unknown;
  /** Where a value of `fields` was printed, or what it is in. */
  placeOf: (path: JsonPath) => Place;
}

export function isFields(value: unknown): value is PlanFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Refuses a text that is no whole plan. The message is a sentence that ends before its place. */
export function failDamaged(what: string, { line, column }: Place): never {
  throw new PlanReadError(
    'damaged',
    `${what} (line ${line}, column ${column}). The plan may have been cut off or changed by copying. ${howToMakeOne}`,
    line,
    column,
  );
}

export const placeInLine = ({ line, column }: SourceLine, offset: number): Place => ({ line, column: column + offset });

/** Remembers where the objects and lists of a document were printed, and finds the nearest one around a path. */
export class Places {
  readonly #places = new WeakMap<object, Place>();

  set(part: object, place: Place): void {
    this.#places.set(part, place);
  }

  of(part: object): Place {
    return this.#places.get(part) ?? { line: 1, column: 1 };
  }

  find(document: object, path: JsonPath): Place {
    let nearest = this.of(document);
    let at: unknown = document;
    for (const step of path) {
      at = (at as Record<string | number, unknown>)[step];
      if (typeof at !== 'object' || at === null) break;
      nearest = this.#places.get(at) ?? nearest;
    }
    return nearest;
  }
}
