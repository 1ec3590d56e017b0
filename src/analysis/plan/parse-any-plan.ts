// Reads a plan as a user has it: JSON, text, YAML or XML, with what psql, pgAdmin or a log put around it.
import { toFigure } from './fields';
import { findPlanTexts, type PlanText } from './formats/find-plan-texts';
import { isFields, type Place, type PlanDocument, type SourceLine } from './formats/plan-source';
import { readJsonPlans } from './formats/read-json-plans';
import { readTextPlans } from './formats/read-text-plans';
import { readXmlPlans } from './formats/read-xml-plans';
import { readYamlPlans } from './formats/read-yaml-plans';
import { toLineColumn } from './json-position';
import { refuseEmptyText, refuseNoPlans, toChosenPlan, toPlan, type ParsePlanOptions } from './parse-plan';
import type { Plan } from './plan';

/** The lines as one text, and the way back from an offset in it. */
function joinLines(lines: readonly SourceLine[]): { text: string; toPlace: (offset: number) => Place } {
  const text = lines.map((line) => line.text).join('\n');
  const toPlace = (offset: number): Place => {
    const { line, column } = toLineColumn(text, offset);
    const source = lines[line - 1];
    return source === undefined ? { line, column } : { line: source.line, column: source.column + column - 1 };
  };
  return { text, toPlace };
}

function readDocuments({ format, lines, isLogged }: PlanText): PlanDocument[] {
  switch (format) {
    case 'json': {
      const { text, toPlace } = joinLines(lines);
      return readJsonPlans(text, toPlace);
    }
    case 'xml': {
      const { text, toPlace } = joinLines(lines);
      return readXmlPlans(text, toPlace);
    }
    case 'yaml':
      return readYamlPlans(lines, { isLogged });
    case 'text':
      return readTextPlans(lines, { isLogged });
  }
}

/** Throws a PlanReadError that says where the text is wrong and what to do. */
export function parseAnyPlan(text: string, options: ParsePlanOptions = {}): Plan {
  refuseEmptyText(text);
  return toChosenPlan(findPlanTexts(text).flatMap(readDocuments), options);
}

/** One of the plans of a text, read as far as telling it from the others needs. */
export interface FoundPlan {
  /** Its lines in the text, from 1, with what belongs to it; all lines of a text with one plan. */
  firstLine: number;
  lastLine: number;
  /** The statement, where a log has it. */
  sql: string | null;
  /** "Node Type" of its root; null when there is none. */
  rootType: string | null;
  /** "Execution Time", in a log the root's time; null when it was not measured. */
  executionMs: number | null;
  /** As EXPLAIN (FORMAT JSON) names and nests it; null when it is nested too deep to be written. */
  json: () => string | null;
  /** Throws a PlanReadError. */
  read: () => Plan;
}

/** V8 reads JSON of any depth, and writes none that is deeper than its stack. */
function formatFields(fields: unknown): string | null {
  try {
    return JSON.stringify([fields], null, 2);
  } catch {
    return null;
  }
}

/** All plans of a text, for a choice; throws a PlanReadError as parseAnyPlan does. */
export function findPlans(text: string): FoundPlan[] {
  refuseEmptyText(text);
  const plans = findPlanTexts(text).flatMap((planText) => {
    const documents = readDocuments(planText);
    // what the server printed, where that is what there is
    const printed = planText.format === 'json' && documents.length === 1 ? joinLines(planText.lines).text.trim() : null;
    const starts = documents.map(({ placeOf }) => placeOf([]).line);
    starts[0] = planText.lines[0]?.line ?? 1;
    const end = planText.lines.at(-1)?.line ?? 1;
    return documents.map((document, index): FoundPlan => {
      const firstLine = starts[index] ?? 1;
      const next = starts[index + 1];
      return {
        ...describePlan(document),
        firstLine,
        lastLine: next === undefined ? end : Math.max(firstLine, next - 1),
        json: () => printed ?? formatFields(document.fields),
        read: () => toPlan(document),
      };
    });
  });
  refuseNoPlans(plans.length);
  // with all that stands around it
  return plans.length === 1
    ? plans.map((plan) => ({ ...plan, firstLine: 1, lastLine: text.split(/\r\n|\n|\r/).length }))
    : plans;
}

function describePlan({ fields }: PlanDocument): Pick<FoundPlan, 'sql' | 'rootType' | 'executionMs'> {
  const printed = isFields(fields) ? fields : {};
  const root = isFields(printed['Plan']) ? printed['Plan'] : {};
  const sql = printed['Query Text'];
  const rootType = root['Node Type'];
  return {
    sql: typeof sql === 'string' ? sql : null,
    rootType: typeof rootType === 'string' ? rootType : null,
    executionMs: toFigure(printed['Execution Time'] ?? root['Actual Total Time']),
  };
}
