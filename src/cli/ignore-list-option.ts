// --ignore: the list of ignored findings, as the editor keeps it in the workspace's folder.
import { readFile } from 'node:fs/promises';
import { ignoreFileName } from '../analysis/ignore-list';
import { parseIgnoreList, type IgnoreEntry } from '../analysis/parse-ignore-list';
import { describeFileError } from '../database/error-code';
import { UsageError, type CommandArguments, type CommandOption } from './command';

export const ignoreOption: CommandOption = {
  name: 'ignore',
  value: 'FILE',
  help: `findings to leave out; default is ${ignoreFileName}, where there is one`,
};

/** The list that --ignore names, else the one of the current folder; without one nothing is ignored. */
export async function readIgnoreList(args: CommandArguments): Promise<IgnoreEntry[]> {
  const given = args.text('ignore');
  const file = given ?? ignoreFileName;
  const unreadable = (reason: string) =>
    new UsageError(
      `The list of ignored findings ${file} can't be read. ${reason}`,
      given === null ? 'Mend it, or name another one with --ignore FILE.' : 'Mend it, or leave out --ignore.',
    );
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isAbsent && given === null) return [];
    throw unreadable(`It is not a file that can be opened: ${describeFileError(error)}.`);
  }
  const reading = parseIgnoreList(text);
  if (reading.status === 'unreadable') throw unreadable(reading.reason);
  return reading.entries;
}
