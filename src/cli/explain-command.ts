import { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { ExplainRequest, ParameterValues } from '../analysis/explain/explain';
import { toValueFailure } from '../analysis/explain/value-failure';
import { loadPlanEngine } from '../analysis/plan/plan-on-demand';
import { numberPlaceholders, type NumberedStatement, type StatementParameter } from '../analysis/sql/placeholders';
import { splitStatements } from '../analysis/sql/split-statements';
import { stripExplain } from '../analysis/sql/strip-explain';
import { askConsent } from './ask-consent';
import {
  connectionOptions,
  outputFormats,
  outputOptions,
  UsageError,
  type Command,
  type CommandArguments,
} from './command';
import { withConnection } from './connect';
import { exitCode } from './exit-code';
import { writePlan } from './plan-command';
import type { Terminal } from './terminal';

/** What a person waits for at a terminal; --timeout changes it. */
const defaultTimeoutSeconds = 60;
/** statement_timeout is an int4 of milliseconds. */
const mostTimeoutSeconds = 2_147_483;

interface SourceStatement {
  /** As the user knows it, for messages: a file's name, or --sql. */
  source: string;
  /** All of it. */
  text: string;
  /** Where the statement begins in `text`. */
  start: number;
  sql: string;
}

async function readStatement(args: CommandArguments, terminal: Terminal): Promise<SourceStatement> {
  const sql = args.text('sql');
  const file = args.text('file');
  if ((sql === null) === (file === null)) {
    throw new UsageError(
      sql === null ? 'Which statement? Give --sql or --file.' : '--sql and --file exclude each other.',
    );
  }
  const source = file === null ? '--sql' : file === '-' ? 'standard input' : file;
  const text = sql ?? (await terminal.read(file ?? '-'));
  const statements = splitStatements(text);
  const number = args.count('statement');
  if (statements.length === 0) throw new UsageError(`There is no statement in ${source}.`);
  if (statements.length > 1 && number === null) {
    const list = statements.map(({ start, end }, index) => {
      const [line = ''] = text.slice(start, end).split('\n');
      return `  ${index + 1}  line ${toPosition(text, start).line}: ${line.slice(0, 70)}`;
    });
    throw new UsageError(
      `There are ${statements.length} statements in ${source}; choose one with --statement N.\n${list.join('\n')}`,
    );
  }
  const statement = statements[(number ?? 1) - 1];
  if (statement === undefined) {
    throw new UsageError(`There is no statement ${number ?? 1} in ${source}: it has ${statements.length}.`);
  }
  return { source, text, start: statement.start, sql: text.slice(statement.start, statement.end) };
}

/** Values for the placeholders: by name ("name=value") where the name is one, by order otherwise. */
function toParameters(args: CommandArguments, { parameters }: NumberedStatement, analyze: boolean): ParameterValues {
  const given = args.texts('param');
  const nulls = args.texts('null');
  if (args.has('generic')) {
    if (analyze) throw new UsageError('--generic and --analyze exclude each other: a statement runs with values only.');
    if (given.length + nulls.length > 0) throw new UsageError('--generic and --param exclude each other.');
    return parameters.length === 0 ? { mode: 'none' } : { mode: 'generic' };
  }
  const values = new Map<string, string | null>();
  const plainName = (name: string) => name.replace(/^[$?]/, '');
  const find = (name: string) => parameters.find((each) => each.name === name || plainName(each.name) === name);
  const set = (name: string, value: string | null) => {
    if (values.has(name)) throw new UsageError(`The parameter ${name} has two values.`);
    values.set(name, value);
  };
  const names = parameters.map(({ name }) => name).join(', ');
  const only = parameters.length === 0 ? 'no parameters' : `only the parameters ${names}`;
  for (const name of nulls) {
    const parameter = find(name);
    if (parameter === undefined) throw new UsageError(`--null ${name}: the statement has ${only}.`);
    set(parameter.name, null);
  }
  const inOrder: string[] = [];
  for (const text of given) {
    const split = text.indexOf('=');
    const parameter = split <= 0 ? undefined : find(text.slice(0, split));
    if (parameter === undefined) inOrder.push(text);
    else set(parameter.name, text.slice(split + 1));
  }
  for (const { name } of parameters) {
    if (values.has(name)) continue;
    const value = inOrder.shift();
    if (value !== undefined) values.set(name, value);
  }
  if (inOrder.length > 0) throw new UsageError(`--param ${inOrder.join(' ')}: the statement has ${only}.`);
  const missing = parameters.filter(({ name }) => !values.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw new UsageError(
      `The statement has parameters without a value: ${missing.join(', ')}. Give each a --param` +
        (analyze ? '.' : ', or plan for unknown values with --generic.'),
    );
  }
  return parameters.length === 0
    ? { mode: 'none' }
    : { mode: 'values', values: parameters.map(({ name }) => values.get(name) ?? null) };
}

/** As it stands in the statement: ":status"; "?2" for the second nameless one. */
function toWritten({ name, ranges: [first] }: StatementParameter, sql: string): string {
  return first === undefined || name.startsWith('?') ? name : sql.slice(first.start, first.end);
}

function toPosition(text: string, offset: number): { line: number; column: number; lineText: string } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const [lineText = ''] = text.slice(lineStart).split(/\r?\n/);
  return { line: before.split('\n').length, column: offset - lineStart + 1, lineText };
}

/** The same failure with its place in the user's text: the line, and a mark below it. */
function withPlace(failure: DatabaseFailure, statement: SourceStatement, offset: number): DatabaseFailure {
  const { line, column, lineText } = toPosition(statement.text, offset);
  const mark = `${lineText.slice(0, column - 1).replace(/[^\t]/g, ' ')}^`;
  return new DatabaseFailure(
    failure.kind,
    `${statement.source}:${line}:${column}: ${failure.message}\n  ${lineText}\n  ${mark}`,
    failure.nextStep,
    failure.details,
    { cause: failure },
  );
}

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Plan a statement, or run and measure it, and show the plan with what stands out',
  argument: null,
  options: [
    { name: 'sql', value: 'SQL', help: 'the statement' },
    { name: 'file', value: 'FILE', help: "a file with the statement; '-' is standard input" },
    { name: 'statement', value: 'N', help: 'which statement, when there are several' },
    {
      name: 'analyze',
      value: null,
      help: 'run the statement and measure it (EXPLAIN ANALYZE); what it writes is rolled back',
    },
    {
      name: 'param',
      value: 'VALUE',
      multiple: true,
      mayBeEmpty: true,
      help: 'value of a placeholder ($1, :name, ?, %s ...): in order, or as name=value',
    },
    { name: 'null', value: 'NAME', multiple: true, help: 'NULL for this placeholder' },
    { name: 'generic', value: null, help: 'plan for unknown values of the placeholders' },
    { name: 'timeout', value: 'SECONDS', help: `give up after this time; default is ${defaultTimeoutSeconds}` },
    { name: 'yes', value: null, help: 'your word for a statement that needs it' },
    ...connectionOptions,
    ...outputOptions,
  ],
  notes: [
    'A statement that can write, lock or call functions that are not known to be harmless, and every --analyze in production, needs your word: a terminal asks, a script gives --yes. Without it nothing is run and the exit code is 2.',
  ],
  async run(args, terminal, signal) {
    const format = args.choice('format', outputFormats) ?? 'text';
    const timeoutMs = (args.count('timeout', mostTimeoutSeconds) ?? defaultTimeoutSeconds) * 1000;
    const statement = await readStatement(args, terminal);
    const stripped = stripExplain(statement.sql);
    const analyze = args.has('analyze') || stripped.explain?.analyze === true;
    const numbered = numberPlaceholders(stripped.sql);
    const parameters = toParameters(args, numbered, analyze);
    return withConnection(args, terminal, signal, async (connection) => {
      const { sql } = numbered;
      const request: ExplainRequest = { sql, parameters, analyze, timeoutMs };
      try {
        const verdict = await connection.assessStatement(sql, analyze, signal);
        if (verdict.verdict === 'refuse') {
          // the reason says what to do instead
          throw new DatabaseFailure('statement', verdict.reason, '');
        }
        if (verdict.verdict === 'ask') {
          const question = { connection, sql, analyze, verdict, agreed: args.has('yes') };
          request.consent = await askConsent(question, terminal, signal);
        }
        const result = await terminal.during(analyze ? 'Running the statement' : 'Planning the statement', () =>
          connection.explain(request, signal),
        );
        if (result.rolledBack) terminal.note('The statement ran in a transaction that was rolled back.');
        const { analyzePlan } = await loadPlanEngine();
        const findings = analyzePlan(result.plan, await connection.capturePlanFacts(result.plan, signal));
        await writePlan(result.plan, findings, format, terminal);
      } catch (error) {
        if (error instanceof DatabaseFailure && parameters.mode === 'values' && error.details.parameter) {
          throw toValueFailure(
            error,
            numbered,
            parameters.values,
            (parameter) => `Correct the value of ${toWritten(parameter, stripped.sql)}.`,
          );
        }
        const offset = error instanceof DatabaseFailure ? (error.details.offset ?? null) : null;
        if (error instanceof DatabaseFailure && offset !== null) {
          throw withPlace(error, statement, statement.start + stripped.start + numbered.toOriginalOffset(offset));
        }
        throw error;
      }
      return exitCode.fine;
    });
  },
};
