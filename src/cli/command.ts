// What a command of pg-insight is. Its options are written down once: the parser and the help are made from them.
import { parseArgs } from 'node:util';
import { formatCount } from '../analysis/format/numbers';
import { wrapText } from '../analysis/format/text-table';
import type { ExitCode } from './exit-code';
import type { Terminal } from './terminal';

export interface CommandOption {
  /** Long name, without the dashes. */
  name: string;
  /** What the help calls the value; null for a switch. */
  value: string | null;
  /** May be given more than once. */
  multiple?: true;
  /** An empty text is a value of it like any other. */
  mayBeEmpty?: true;
  help: string;
}

export const outputFormats = ['text', 'json', 'md'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface Command {
  name: string;
  /** Half a line for the list of commands. */
  summary: string;
  /** Its one argument, as the help calls it; null without. */
  argument: string | null;
  options: readonly CommandOption[];
  /** Paragraphs below the options. */
  notes: readonly string[];
  run(args: CommandArguments, terminal: Terminal, signal: AbortSignal): Promise<ExitCode>;
}

/** Wrong use of the command line; the message says what and how to do it right. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** What to do next, a sentence; null when the command's help tells it. */
    readonly nextStep: string | null = null,
  ) {
    super(message);
  }
}

export const connectionOptions: readonly CommandOption[] = [
  {
    name: 'url',
    value: 'URL',
    help: 'postgresql://user@host:5432/database; without it and --profile, PG* variables and .pgpass count as for psql (DATABASE_URL does not)',
  },
  { name: 'profile', value: 'NAME', help: 'a connection saved in the editor' },
  {
    name: 'environment',
    value: 'NAME',
    help: 'development, staging or production: how careful to be with --url or PG*; default is development on this machine, production elsewhere',
  },
];

export const outputOptions: readonly CommandOption[] = [
  { name: 'format', value: 'FORMAT', help: `${outputFormats.join(', ')}; default is text` },
  { name: 'output', value: 'FILE', help: 'write to a file instead of standard output' },
  { name: 'quiet', value: null, help: 'no progress and no notes on standard error' },
];

/** For commands that plan in the sandbox. */
export const postgresOption: CommandOption = {
  name: 'postgres',
  value: 'FOLDER',
  help: 'where initdb and postgres for the sandbox are; default is the PostgreSQL that is found on this machine',
};

export const helpOption: CommandOption = { name: 'help', value: null, help: 'show this help' };

export class CommandArguments {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(
    values: ReadonlyMap<string, readonly string[]>,
    /** The command's one argument; null when it was not given. */
    readonly argument: string | null,
  ) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  text(name: string): string | null {
    return this.texts(name).at(-1) ?? null;
  }

  /** One of the words that are allowed. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | null {
    const text = this.text(name);
    if (text === null) return null;
    const choice = choices.find((each) => each === text);
    if (choice !== undefined) return choice;
    throw new UsageError(`--${name} is "${text}", which is none of ${choices.join(', ')}.`);
  }

  /** A whole number from 1. */
  count(name: string, most = 999_999_999): number | null {
    const text = this.text(name);
    if (text === null) return null;
    if (/^[1-9]\d{0,8}$/.test(text) && Number(text) <= most) return Number(text);
    throw new UsageError(`--${name} is "${text}", which is not a whole number from 1 to ${formatCount(most)}.`);
  }

  /** A number of seconds above 0, fractions too, as milliseconds. */
  seconds(name: string): number | null {
    const text = this.text(name);
    if (text === null) return null;
    if (/^\d{1,6}(?:\.\d+)?$/.test(text) && Number(text) > 0) return Number(text) * 1000;
    throw new UsageError(`--${name} is "${text}", which is not a number of seconds above 0.`);
  }

  /** A size in PostgreSQL's units: 500MB, 1.5GB. */
  bytes(name: string): number | null {
    const text = this.text(name);
    if (text === null) return null;
    const [, number, unit] = /^(\d{1,9}(?:\.\d+)?) ?(kB|MB|GB|TB)$/i.exec(text) ?? [];
    const power = ['kb', 'mb', 'gb', 'tb'].indexOf((unit ?? '').toLowerCase()) + 1;
    if (power > 0 && Number(number) > 0) return Math.floor(Number(number) * 1024 ** power);
    throw new UsageError(`--${name} is "${text}", which is not a size above 0 with a unit: 500MB, 1.5GB.`);
  }

  /** A number from 0, fractions too. */
  milliseconds(name: string): number | null {
    const text = this.text(name);
    if (text === null) return null;
    if (/^\d{1,9}(?:\.\d+)?$/.test(text)) return Number(text);
    throw new UsageError(`--${name} is "${text}", which is not a number of milliseconds from 0 on.`);
  }
}

/** Node's own messages on wrong options are meant for programmers: its tokens are judged here instead. */
export function parseCommandLine(command: Command, args: readonly string[]): CommandArguments {
  const options = [...command.options, helpOption];
  const { tokens, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      options.map(({ name, value }) => [name, { type: value === null ? 'boolean' : 'string', multiple: true }]),
    ),
  });
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { rawName, value, inlineValue } = token;
    const option = rawName === '-h' ? helpOption : options.find(({ name }) => rawName === `--${name}`);
    if (option === undefined) throw new UsageError(`There is no option ${rawName}.`);
    values.set(option.name, [...(values.get(option.name) ?? []), toOptionValue(option, value, inlineValue === true)]);
  }
  for (const { name, value, multiple } of options) {
    const times = values.get(name)?.length ?? 0;
    if (times > 1 && value !== null && multiple !== true) {
      throw new UsageError(`--${name} is given ${times} times, and takes one value.`);
    }
  }
  const [argument = null, ...rest] = positionals;
  if (argument === '') throw new UsageError(`An empty text is given where ${command.argument ?? 'an option'} belongs.`);
  if (command.argument === null && argument !== null) {
    throw new UsageError(`"${argument}" is unexpected: ${command.name} has options only.`);
  }
  if (rest.length > 0)
    throw new UsageError(`"${rest.join(' ')}" is too much: ${command.name} takes one ${command.argument ?? ''}.`);
  return new CommandArguments(values, argument);
}

/** An empty text for a switch. */
function toOptionValue(option: CommandOption, value: string | undefined, isInline: boolean): string {
  const { name, value: expected, mayBeEmpty } = option;
  if (expected === null) {
    if (value !== undefined) throw new UsageError(`--${name} takes no value, and is given "${value}".`);
    return '';
  }
  if (value === undefined) throw new UsageError(`--${name} needs a value: --${name} ${expected}.`);
  // the name of another option, rather; "-" is standard input, and a negative number is told from it
  if (!isInline && /^-(?:-?[a-z]|-$)/i.test(value)) {
    throw new UsageError(
      `--${name} needs a value, and is followed by ${value}.`,
      `A value that begins with - is given as --${name}=${value}.`,
    );
  }
  if (value === '' && mayBeEmpty !== true) throw new UsageError(`--${name} is empty: it takes a value, ${expected}.`);
  return value;
}

const helpWidth = 100;

/** Name and text in two columns, the text wrapped. */
export function formatDefinitions(definitions: readonly (readonly [string, string])[]): string {
  const left = Math.max(...definitions.map(([name]) => name.length)) + 4;
  return definitions
    .map(([name, text]) => `  ${name}`.padEnd(left) + wrapText(text, helpWidth - left).join(`\n${' '.repeat(left)}`))
    .join('\n');
}

export function formatCommandHelp(command: Command): string {
  const argument = command.argument === null ? '' : ` ${command.argument}`;
  const options = [...command.options, helpOption].map(
    ({ name, value, multiple, help }) =>
      [`--${name}${value === null ? '' : ` ${value}`}${multiple === true ? ' ...' : ''}`, help] as const,
  );
  return [
    `Usage: pg-insight ${command.name}${argument} [options]`,
    `${command.summary}.`,
    `Options:\n${formatDefinitions(options)}`,
    ...command.notes.map((note) => wrapText(note, helpWidth).join('\n')),
  ].join('\n\n');
}
