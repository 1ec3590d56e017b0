// Reads a plan as a user has it: JSON, text, YAML or XML, with what psql, pgAdmin or a log put around it.
import { findPlanTexts, type PlanText } from './formats/find-plan-texts';
import type { Place, PlanDocument, SourceLine } from './formats/plan-source';
import { readJsonPlans } from './formats/read-json-plans';
import { readTextPlans } from './formats/read-text-plans';
import { readXmlPlans } from './formats/read-xml-plans';
import { readYamlPlans } from './formats/read-yaml-plans';
import { toLineColumn } from './json-position';
import { refuseEmptyText, toChosenPlan, type ParsePlanOptions } from './parse-plan';
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
