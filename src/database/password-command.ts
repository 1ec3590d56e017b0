// A program of the user's that prints the password (pass, op, aws rds generate-db-auth-token, ...). It is started
// without a shell; nothing it prints gets into a message.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { errorCode } from './error-code';

const execute = promisify(execFile);

/** Long enough for a program that asks the user to unlock a vault. */
export const passwordCommandTimeoutMs = 30_000;
const longestPasswordBytes = 64 * 1024;

export async function runPasswordCommand(
  command: readonly string[],
  signal: AbortSignal,
  timeoutMs = passwordCommandTimeoutMs,
): Promise<string> {
  const [program = '', ...args] = command;
  const fail = (reason: string) =>
    new DatabaseFailure(
      'configuration',
      `The password command "${program}" of this connection ${reason}.`,
      'Run it in a terminal: it has to print the password and nothing else, and to end with exit code 0.',
    );
  let output: string;
  const started = performance.now();
  try {
    ({ stdout: output } = await execute(program, args, {
      signal,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: longestPasswordBytes,
      windowsHide: true,
    }));
  } catch (error) {
    if (signal.aborted) throw error;
    const code = errorCode(error);
    if (code === 'ENOENT') throw fail('was not found');
    if (code === 'EACCES') throw fail('may not be executed');
    if (performance.now() - started >= timeoutMs) throw fail(`did not end within ${timeoutMs / 1000} s`);
    throw fail('failed');
  }
  const password = output.replace(/\r?\n$/, '');
  if (password === '') throw fail('printed nothing');
  return password;
}
