// Standard input, output and error as the commands use them: what machines read goes to standard output or a file, and
// everything said to a person to standard error. A terminal gets progress and colours, a pipe gets neither.
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { styleText } from 'node:util';
import { describeFileError } from '../database/error-code';
import { UsageError, type CommandArguments } from './command';

export type Style = Parameters<typeof styleText>[0];

const spinnerFrames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const spinnerIntervalMs = 100;
/** Shorter waits are not worth a flicker. */
const spinnerDelayMs = 200;

/** NO_COLOR (no-color.org) counts when it is not empty; a dumb terminal knows no colours. */
function hasColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}

export class Terminal {
  #quiet = false;
  #outputFile: string | null = null;
  /** The spinner keeps quiet: somebody is asked something. */
  #isAsking = false;

  constructor() {
    // who reads us may stop at any time (| head): that is no failure
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
    process.stderr.on('error', () => undefined);
  }

  configure(args: CommandArguments): void {
    this.#quiet = args.has('quiet');
    this.#outputFile = args.text('output');
  }

  /** Columns of the terminal that the result goes to; null when it goes elsewhere. */
  get width(): number | null {
    return this.#outputFile === null && process.stdout.isTTY ? process.stdout.columns : null;
  }

  /** Styles a part of the result. */
  style(style: Style, part: string): string {
    return this.#outputFile === null && hasColours(process.stdout) ? styleText(style, part) : part;
  }

  /** The result of a command: to --output or to standard output. Comes back when it has been handed over. */
  async write(result: string): Promise<void> {
    if (this.#outputFile !== null) {
      await this.#writeFile(this.#outputFile, result);
      return;
    }
    await new Promise<void>((resolve) => {
      process.stdout.write(result, () => {
        resolve();
      });
    });
  }

  /** Under another name first, so that a reader never finds half a file. */
  async #writeFile(file: string, content: string): Promise<void> {
    const partial = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.partial`);
    try {
      await writeFile(partial, content, { flag: 'wx' });
      await rename(partial, file);
    } catch (error) {
      await rm(partial, { force: true });
      throw new UsageError(
        `The file ${file} can't be written: ${describeFileError(error)}.`,
        'Give --output a file in a folder that exists and that you may write to.',
      );
    }
    this.note(`Written to ${file}.`);
  }

  /** Something a person should know; not with --quiet. */
  note(message: string): void {
    if (!this.#quiet) process.stderr.write(`${message}\n`);
  }

  /** Something that belongs to a question or an error, so also with --quiet. */
  say(message: string): void {
    process.stderr.write(`${message}\n`);
  }

  error(message: string): void {
    const prefix = hasColours(process.stderr) ? styleText(['red', 'bold'], 'Error:') : 'Error:';
    process.stderr.write(`${prefix} ${message}\n`);
  }

  /** Runs `work` with a spinner, where somebody can see it; `what` may change on the way. */
  async during<Result>(what: string | (() => string), work: () => Promise<Result>): Promise<Result> {
    if (this.#quiet || !process.stderr.isTTY) return work();
    let frame = 0;
    const start = Date.now();
    const timer = setInterval(() => {
      if (this.#isAsking || Date.now() - start < spinnerDelayMs) return;
      const seconds = Math.floor((Date.now() - start) / 1000);
      process.stderr.write(
        `\r\u001b[K${spinnerFrames[frame++ % spinnerFrames.length] ?? ''} ${typeof what === 'string' ? what : what()}${seconds > 1 ? ` ${seconds} s` : ''}`,
      );
    }, spinnerIntervalMs);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      if (frame > 0) process.stderr.write('\r\u001b[K');
    }
  }

  /** For questions during work with a spinner. */
  async withoutSpinner<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#isAsking = true;
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    try {
      return await work();
    } finally {
      this.#isAsking = false;
    }
  }

  /** Whether a question can be asked: somebody reads it, and somebody can answer. */
  get canAsk(): boolean {
    return process.stdin.isTTY && process.stderr.isTTY;
  }

  /** The answer without white space around it. */
  async ask(question: string, signal: AbortSignal): Promise<string> {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    // while a line is read Ctrl+C comes as a key and not as a signal
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    try {
      return (await lines.question(question, { signal })).trim();
    } finally {
      lines.close();
    }
  }

  /** The text of a file; '-' is standard input. */
  async read(file: string): Promise<string> {
    if (file === '-') {
      if (process.stdin.isTTY) this.note('Reading from the terminal; end with Ctrl+D.');
      return text(process.stdin);
    }
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      throw new UsageError(
        `The file ${file} can't be read: ${describeFileError(error)}.`,
        'Check its path and that you may read it.',
      );
    }
  }
}
