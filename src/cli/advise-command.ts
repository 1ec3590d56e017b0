import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { formatCount } from '../analysis/format/numbers';
import type { AllowedIndexes } from '../analysis/index-advice/allowed-indexes';
import { toAdviceJson } from '../analysis/index-advice/text/advice-json';
import { formatAdviceMarkdown, formatAdviceSql, formatAdviceText } from '../analysis/index-advice/text/advice-text';
import {
  formatMeasuredComment,
  formatMeasuredMarkdown,
  formatMeasuredText,
  toMeasuredJson,
} from '../analysis/index-advice/text/measured-text';
import type { WorkloadAdvice, WorkloadStatement } from '../analysis/index-advice/workload-advice';
import { splitStatements } from '../analysis/sql/split-statements';
import {
  toStatementWorkload,
  toWorkloadStatement,
  type StatementWorkload,
} from '../analysis/statements/statement-workload';
import { describeToolStatements } from '../analysis/statements/tool-statement';
import type { DatabaseConnection } from '../database/database-access';
import { describeFileError, errorCode } from '../database/error-code';
import { loadAdviceEngine } from '../database/what-if/advice-on-demand';
import { engineChoices } from '../database/what-if/engine-choice';
import { toTerminalWords } from './terminal-words';
import {
  connectionOptions,
  outputFormats,
  outputOptions,
  postgresOption,
  UsageError,
  type Command,
  type CommandArguments,
} from './command';
import { withConnection } from './connect';
import { exitCode } from './exit-code';
import { chooseMeasuring, measureAdvised, measureOptions, prepareMeasuring } from './measure-advised';
import type { Terminal } from './terminal';

const adviceFormats = [...outputFormats, 'sql'] as const;
/** Planning takes milliseconds; a statement that needs longer waits for a lock. */
const planTimeoutMs = 15_000;
/** Those that take most of the server's time: what is behind them hardly matters. */
const defaultStatementLimit = 100;
/** Of the deadline, where what is found is run as well. */
const searchShare = 0.5;

const sources = ['sql', 'file', 'workload', 'statements'] as const;

/** "orders.sql:12": where it begins. A second one on the same line has a number too. */
function readScript(source: string, text: string): WorkloadStatement[] {
  const lines = new Map<number, number>();
  return splitStatements(text).map(({ start, end }) => {
    const line = text.slice(0, start).split('\n').length;
    const before = lines.get(line) ?? 0;
    lines.set(line, before + 1);
    const id = before === 0 ? `${source}:${line}` : `${source}:${line}#${before + 1}`;
    return toWorkloadStatement(id, text.slice(start, end), null, planTimeoutMs);
  });
}

async function readFiles(files: readonly string[], terminal: Terminal): Promise<WorkloadStatement[]> {
  const statements: WorkloadStatement[] = [];
  for (const file of new Set(files)) {
    statements.push(...readScript(file === '-' ? 'standard input' : file, await terminal.read(file)));
  }
  return statements;
}

/** All .sql files below the folder, in the order of their names. */
async function listSqlFiles(folder: string): Promise<string[]> {
  const nextStep = 'Give --workload a folder with .sql files, or --file for single ones.';
  let files: string[];
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    files = entries
      .filter((entry) => entry.name.endsWith('.sql') && !entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    const reason = errorCode(error) === 'ENOTDIR' ? 'it is no folder' : describeFileError(error);
    throw new UsageError(`The folder ${folder} can't be read: ${reason}.`, nextStep);
  }
  if (files.length === 0) throw new UsageError(`There is no .sql file in ${folder}.`, nextStep);
  return files;
}

async function captureStatements(
  connection: DatabaseConnection,
  choice: { minMeanMs: number; limit: number },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<StatementWorkload> {
  const { sections } = await terminal.during('Reading pg_stat_statements', () =>
    connection.captureSnapshot(['statements'], signal),
  );
  if (sections.statements.status === 'unavailable') {
    const { kind, message, nextStep } = sections.statements.reason;
    throw new DatabaseFailure(kind === 'not-permitted' ? 'not-permitted' : 'other', message, nextStep);
  }
  const { role } = connection.facts;
  const workload = toStatementWorkload(sections.statements.rows, { ...choice, role, timeoutMs: planTimeoutMs });
  const tools = describeToolStatements(workload.tools);
  if (tools !== null) terminal.note(tools);
  if (workload.total > choice.limit) {
    terminal.note(
      `These are the ${choice.limit} of ${workload.total} statements that took most time; --limit takes more.`,
    );
  }
  return workload;
}

function checkSource(args: CommandArguments): void {
  const given = sources.filter((name) => args.has(name));
  const names = sources.map((name) => `--${name}`);
  if (given.length === 0) throw new UsageError(`Which statements? Give one of ${names.join(', ')}.`);
  if (given.length > 1) throw new UsageError(`${given.map((name) => `--${name}`).join(' and ')} exclude each other.`);
  if (args.has('statements')) return;
  for (const name of ['limit', 'min-mean-ms'] as const) {
    if (args.has(name)) throw new UsageError(`--${name} is for --statements.`);
  }
}

async function readStatements(args: CommandArguments, terminal: Terminal): Promise<WorkloadStatement[]> {
  const sql = args.text('sql');
  const folder = args.text('workload');
  const statements =
    sql === null
      ? await readFiles(folder === null ? args.texts('file') : await listSqlFiles(folder), terminal)
      : readScript('--sql', sql);
  if (statements.length === 0) throw new UsageError('There is no statement in what was given.');
  return statements;
}

function describeEngineNote({ engine, engineNote }: WorkloadAdvice, isLimited: boolean): string | null {
  const unlimited = engine === 'statistics' && isLimited ? ['--budget and --max-indexes are not kept.'] : [];
  const notes = [...(engineNote === null ? [] : [toTerminalWords(engineNote)]), ...unlimited];
  return notes.length === 0 ? null : notes.join(' ');
}

export const adviseCommand: Command = {
  name: 'advise',
  summary: 'Say which indexes would help statements, with the DDL that makes them',
  argument: null,
  options: [
    { name: 'sql', value: 'SQL', help: 'one or more statements' },
    { name: 'file', value: 'FILE', multiple: true, help: "a file with statements; '-' is standard input" },
    { name: 'workload', value: 'DIR', help: 'all .sql files below a folder' },
    { name: 'statements', value: null, help: 'what the server has run, from pg_stat_statements' },
    { name: 'min-mean-ms', value: 'N', help: 'of --statements, only those that take so long on average' },
    {
      name: 'limit',
      value: 'N',
      help: `of --statements, the N that took most time in all; default is ${defaultStatementLimit}`,
    },
    {
      name: 'engine',
      value: 'ENGINE',
      help: `${engineChoices.join(', ')}; default is auto: a sandbox on this machine, else HypoPG where the server has it, else statistics`,
    },
    postgresOption,
    { name: 'budget', value: 'SIZE', help: 'of all advised indexes together: 500MB, 1.5GB' },
    { name: 'max-indexes', value: 'N', help: 'advise at most N indexes' },
    { name: 'deadline', value: 'SECONDS', help: 'end the search then; what was found until then is the answer' },
    ...measureOptions,
    ...connectionOptions,
    ...outputOptions.map((option) =>
      option.name === 'format' ? { ...option, help: `${adviceFormats.join(', ')}; default is text` } : option,
    ),
  ],
  notes: [
    'Without --measure statements are planned, never run, and no index is made on the server. Placeholders are planned for unknown values; --measure takes values from the middle of the statistics.',
    'The sandbox is a PostgreSQL without rows that gets definitions, statistics and sizes of the tables in question. It is started for the command and ends with it. --budget, --max-indexes and --deadline are for engines that make plans.',
    'A statement that PG Insight plans only with your word is named and not assessed. The exit code is 4 when none could be assessed.',
  ],
  async run(args, terminal, signal) {
    const format = args.choice('format', adviceFormats) ?? 'text';
    const engine = args.choice('engine', engineChoices) ?? 'auto';
    const limits = {
      budgetBytes: args.bytes('budget'),
      maximumIndexes: args.count('max-indexes'),
      deadlineMs: args.seconds('deadline'),
    };
    const isLimited = limits.budgetBytes !== null || limits.maximumIndexes !== null;
    if (isLimited && engine === 'statistics') {
      throw new UsageError('--budget and --max-indexes need an engine that makes plans, and --engine is statistics.');
    }
    const postgres = args.text('postgres');
    if (postgres !== null && (engine === 'hypopg' || engine === 'statistics')) {
      throw new UsageError(`--postgres is for the sandbox, and --engine is ${engine}.`);
    }
    checkSource(args);
    const measuring = chooseMeasuring(args);
    const choice = {
      minMeanMs: args.milliseconds('min-mean-ms') ?? 0,
      limit: args.count('limit') ?? defaultStatementLimit,
    };
    const given = args.has('statements') ? null : await readStatements(args, terminal);
    return withConnection(args, terminal, signal, async (connection) => {
      if (measuring !== null) await prepareMeasuring(connection, terminal);
      const start = performance.now();
      const { statements, hidden, utilities } =
        given === null
          ? await captureStatements(connection, choice, terminal, signal)
          : { statements: given, hidden: [], utilities: [] };
      const { SandboxPool, makeChosenPlanner } = await loadAdviceEngine();
      const pool = new SandboxPool({ readBinariesSetting: () => (postgres === null ? '' : path.resolve(postgres)) });
      const { use } = makeChosenPlanner({ engine, pool });
      let done = 0;
      let whatIfs = 0;
      const describeProgress = () => {
        if (done < statements.length) return `Planning statement ${done + 1} of ${statements.length}`;
        return whatIfs === 0 ? 'Preparing the what-if planner' : `Looking for indexes: ${formatCount(whatIfs)} plans`;
      };
      const searchMs =
        measuring === null || limits.deadlineMs === null ? limits.deadlineMs : limits.deadlineMs * searchShare;
      const advise = (asked: readonly WorkloadStatement[], allowed?: AllowedIndexes) =>
        connection.adviseWorkload(asked, (count) => (done = count), signal, {
          ...limits,
          deadlineMs: searchMs,
          usePlanner: use,
          onWhatIf: (count) => (whatIfs = count),
          ...(allowed === undefined ? {} : { allowed }),
        });
      const { assessed, measured } = await (async () => {
        const first = await terminal.during(describeProgress, () => advise(statements));
        if (measuring === null) return { assessed: first, measured: null };
        const deadlineMs = limits.deadlineMs === null ? null : limits.deadlineMs - (performance.now() - start);
        const parts = { connection, measuring, advice: first, statements, advise, deadlineMs, terminal, signal };
        const trial = await measureAdvised(parts);
        return { assessed: trial.advice, measured: trial };
      })().finally(() => pool.end());
      const advice: WorkloadAdvice = {
        ...assessed,
        engineNote: describeEngineNote(assessed, isLimited),
        statements: [...assessed.statements, ...hidden, ...utilities],
      };
      const bold = (text: string) => terminal.style('bold', text);
      switch (format) {
        case 'json': {
          const elapsedMs = Math.round(performance.now() - start);
          await terminal.write(
            `${JSON.stringify({ ...toAdviceJson(advice, elapsedMs), ...(measured === null ? {} : { measured: toMeasuredJson(measured) }) }, null, 2)}\n`,
          );
          break;
        }
        case 'md':
          await terminal.write(
            formatAdviceMarkdown(advice) + (measured === null ? '' : formatMeasuredMarkdown(measured)),
          );
          break;
        case 'sql':
          if (advice.engineNote !== null) terminal.note(advice.engineNote);
          for (const { id, reason } of advice.statements) {
            if (reason !== null) terminal.note(`${id}: ${reason}`);
          }
          for (const { name, reason } of measured?.lost ?? [])
            terminal.note(`${name} was tried and dropped: ${reason}`);
          await terminal.write(
            formatAdviceSql(advice, ({ statementIds }) =>
              measured === null ? [] : formatMeasuredComment(measured, statementIds),
            ),
          );
          break;
        case 'text':
          await terminal.write(
            formatAdviceText(advice, bold) + (measured === null ? '' : formatMeasuredText(measured, bold)),
          );
          break;
      }
      const isInVain =
        advice.statements.length > 0 && advice.statements.every(({ status }) => status === 'not-possible');
      return isInVain ? exitCode.failed : exitCode.fine;
    });
  },
};
