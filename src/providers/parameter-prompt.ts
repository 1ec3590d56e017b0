// Asks for the values of a statement's parameters: typed, chosen from what the column typically holds, as last time, or
// none at all (a plan for unknown values).
import type { ParameterValues, TypicalValues } from '../analysis/explain/explain';
import { takesEmptyText } from '../analysis/explain/parameter-types';
import { formatRatio } from '../analysis/format/numbers';
import type { StatementParameter } from '../analysis/sql/placeholders';
import { back, dismissed, pickOne, runSteps, separator, type Choice, type Step } from './quick-steps';

export interface ParameterQuestion {
  parameters: readonly StatementParameter[];
  /** One entry a parameter; null where nothing is known. */
  typical: readonly (TypicalValues | null)[];
  /** One entry a parameter; null where its type is not known. */
  types: readonly (string | null)[];
  /** What is wrong with a value that was typed, as "is not a valid date"; null when nothing is, or nobody knows. */
  findProblem: (index: number, text: string) => Promise<string | null>;
  /** As last time; null when the statement is new. */
  remembered: readonly (string | null)[] | null;
  /** A statement that is run needs values. */
  analyze: boolean;
  /** All values as they were given, one of which has to be changed; null to ask for all. */
  wrong: WrongValues | null;
  /** Values that are taken without asking, one entry a parameter; null where it has to be asked for. */
  sampled?: readonly (string | null)[];
}

export interface WrongValues {
  values: readonly (string | null)[];
  /** Of the wrong one, from 0. */
  index: number;
}

type Way = 'as-last-time' | 'values' | 'generic';

/** Wrapped, so that null (SQL's NULL) can be chosen. */
interface Value {
  text: string | null;
}

/** Null when the user gave up. */
export async function askParameters(question: ParameterQuestion): Promise<ParameterValues | null> {
  const { parameters, remembered, analyze, wrong, sampled } = question;
  if (parameters.length === 0) return { mode: 'none' };
  let way: Way = 'values';
  const given = wrong?.values ?? sampled ?? remembered;
  const values: (string | null)[] = parameters.map((_, index) => given?.[index] ?? null);
  const title = analyze ? 'Explain Analyze: Parameters' : 'Explain: Parameters';
  const ways: Choice<Way>[] = [
    ...(remembered === null
      ? []
      : [
          {
            label: '$(history) Same Values as Last Time',
            detail: formatParameters(parameters, remembered),
            value: 'as-last-time' as const,
          },
        ]),
    {
      label: '$(edit) Enter Values',
      detail: parameters.map(({ name }) => name).join(', '),
      value: 'values' as const,
    },
    ...(analyze
      ? []
      : [
          {
            label: '$(question) Plan for Unknown Values',
            detail: 'The generic plan, which prepared statements often get.',
            value: 'generic' as const,
          },
        ]),
  ];
  const askWay: Step = {
    isDue: () => ways.length > 1 && sampled === undefined,
    ask: async (frame) => {
      const chosen = await pickOne<Way>({
        frame: { ...frame, totalSteps: 1 },
        placeholder: 'The statement has parameters',
        choices: ways,
      });
      if (chosen === back || chosen === dismissed) return chosen;
      way = chosen;
      return 'answered';
    },
  };
  const askValue = (index: number): Step => ({
    // what comes after a wrong value has been answered
    isDue: () => way === 'values' && index <= (wrong?.index ?? index) && (sampled?.[index] ?? null) === null,
    ask: async (frame) => {
      for (let refused: RefusedText | null = null; ;) {
        const chosen: Value | typeof back | typeof dismissed = await pickOne<Value>({
          // the way was chosen before the counting began
          frame: { ...frame, step: index + 1, totalSteps: parameters.length },
          ...toPick(question, index, refused),
        });
        if (chosen === back || chosen === dismissed) return chosen;
        const text: string | null = chosen.text;
        const problem: string | null = text === null ? null : await question.findProblem(index, text);
        if (text === null || problem === null) {
          values[index] = text;
          return 'answered';
        }
        refused = { text, problem };
      }
    },
  });
  const steps = [askWay, ...parameters.map((_, index) => askValue(index))];
  if (!(await runSteps(title, steps, wrong === null ? 0 : wrong.index + 1))) return null;
  // assigned inside the steps, which the compiler can't see
  return (way as Way) === 'generic' ? { mode: 'generic' } : { mode: 'values', values };
}

/** What was typed and can't be a value of the parameter's type. */
interface RefusedText {
  text: string;
  problem: string;
}

function toPick(
  { parameters, typical, types, remembered, wrong }: ParameterQuestion,
  index: number,
  refused: RefusedText | null,
) {
  const name = parameters[index]?.name ?? `$${index + 1}`;
  const known = typical[index] ?? null;
  const last = remembered?.[index];
  const choices: (Choice<Value> | ReturnType<typeof separator>)[] = [];
  if (last !== undefined) {
    choices.push(separator('last time'), { label: formatValue(last), value: { text: last } });
  }
  if (known !== null && known.values.length > 0) {
    choices.push(
      separator(`typical for ${known.column}`),
      ...known.values.map(({ value, frequency }) => ({
        label: formatValue(value),
        ...(frequency === null ? {} : { description: `${formatRatio(frequency)} of the rows` }),
        value: { text: value },
      })),
    );
  }
  const nothingKnown = choices.every((choice) => !('value' in choice));
  choices.push(
    // a separator is shown only with something below it
    separator(findNote(typical[index], name) ?? 'other'),
    ...(takesEmptyText(types[index] ?? null) ? [{ label: "''", description: 'empty text', value: { text: '' } }] : []),
    { label: 'NULL', value: { text: null } },
  );
  const type = types[index] ?? null;
  const column = known === null ? (type === null ? '' : ` (${type})`) : ` (${known.column}, ${known.type})`;
  const text = refused?.text ?? (wrong?.index === index ? (wrong.values[index] ?? '') : null);
  return {
    ...(text === null ? {} : { text }),
    placeholder: `Type the value of ${name}${column} without quotes, or choose one`,
    choices,
    // nobody means NULL or '' by Enter alone
    ...(nothingKnown ? { active: null } : {}),
    toTyped: (text: string): Choice<Value> | null =>
      text === ''
        ? null
        : text === refused?.text
          ? { label: `$(error) ${text}`, description: refused.problem, alwaysShow: true, value: { text } }
          : { label: `$(edit) ${text}`, description: 'as typed', alwaysShow: true, value: { text } },
  };
}

/** Why there are no values to choose from; undefined: it is not known what the parameter is compared with. */
function findNote(known: TypicalValues | null | undefined, name: string): string | null {
  if (known === null) return `No column of a table is compared with ${name}, so there are no typical values.`;
  return known?.values.length === 0 ? known.note : null;
}

function formatValue(value: string | null): string {
  return value === null ? 'NULL' : value === '' ? "''" : value;
}

/** "status = 'pending', $2 = NULL" */
export function formatParameters(
  parameters: readonly StatementParameter[],
  values: readonly (string | null)[],
): string {
  return parameters
    .map(({ name }, index) => {
      const value = values[index] ?? null;
      return `${name} = ${value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`}`;
    })
    .join(', ');
}
