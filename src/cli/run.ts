// Finds the command, runs it, and puts whatever goes wrong into words and an exit code.
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
import { formatCommandHelp, formatDefinitions, parseCommandLine, UsageError, type Command } from './command';
import { describeFailure } from './connect';
import { exitCode, toExitCode, type ExitCode } from './exit-code';
import type { Terminal } from './terminal';

export interface CliParts {
  version: string;
  commands: readonly Command[];
  terminal: Terminal;
}

function formatHelp({ version, commands }: CliParts): string {
  return [
    `pg-insight ${version}: PostgreSQL performance insight in the terminal.`,
    'Usage: pg-insight COMMAND [options]',
    `Commands:\n${formatDefinitions(commands.map(({ name, summary }) => [name, summary] as const))}`,
    `Exit codes:\n${formatDefinitions([
      ['0', 'fine'],
      ['1', 'findings at or above --fail-on'],
      ['2', 'wrong use, or a statement needs your word first (--yes)'],
      ['3', 'could not connect, or not permitted'],
      ['4', 'failed'],
      ['130', 'ended by Ctrl+C (143 by SIGTERM); a running statement is cancelled on the server'],
    ])}`,
    'pg-insight COMMAND --help tells what a command can do.',
  ].join('\n\n');
}

export async function runCli(args: readonly string[], parts: CliParts): Promise<ExitCode> {
  const { terminal, commands, version } = parts;
  const [name, ...rest] = args;
  if (name === '--version') {
    await terminal.write(`${version}\n`);
    return exitCode.fine;
  }
  const command = commands.find((each) => each.name === name);
  if (command === undefined) {
    // "help tables" is what some type first
    const asked = name === 'help' ? commands.find((each) => each.name === rest[0]) : undefined;
    const isAnswered = name === 'help' && (asked !== undefined || rest.length === 0);
    if (name === '--help' || name === '-h' || isAnswered) {
      await terminal.write(`${asked === undefined ? formatHelp(parts) : formatCommandHelp(asked)}\n`);
      return exitCode.fine;
    }
    const wanted = name === 'help' ? rest[0] : name;
    terminal.error(wanted === undefined ? 'No command is given.' : `There is no command "${wanted}".`);
    process.stderr.write(`\n${formatHelp(parts)}\n`);
    return exitCode.usage;
  }
  const interruption = new AbortController();
  let codeOfSignal: ExitCode = exitCode.interrupted;
  const onSignal = (signal: NodeJS.Signals) => {
    codeOfSignal = signal === 'SIGTERM' ? exitCode.terminated : exitCode.interrupted;
    // whoever asks twice does not want to wait for the server's answer
    if (interruption.signal.aborted) process.exit(codeOfSignal);
    interruption.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const parsed = parseCommandLine(command, rest);
    if (parsed.has('help')) {
      await terminal.write(`${formatCommandHelp(command)}\n`);
      return exitCode.fine;
    }
    terminal.configure(parsed);
    return await command.run(parsed, terminal, interruption.signal);
  } catch (error) {
    if (interruption.signal.aborted) {
      terminal.note('Interrupted.');
      return codeOfSignal;
    }
    if (error instanceof UsageError) {
      terminal.error(`${error.message}\n${error.nextStep ?? `See pg-insight ${command.name} --help.`}`);
      return exitCode.usage;
    }
    if (isDatabaseFailure(error)) {
      terminal.error(describeFailure(error));
      return toExitCode(error.kind);
    }
    terminal.error(
      `${error instanceof Error ? error.message : String(error)}\nThis is a fault of PG Insight; please report it.`,
    );
    return exitCode.failed;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
