// What connection settings are read from outside the profile: environment, files, the user's name. Handed in, so that
// tests need no home folder of their own.
import { stat, readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { errorCode } from './error-code';

export interface LocalFile {
  text: string;
  /** Permission bits, 0o600 and the like. */
  mode: number;
  ownedByRoot: boolean;
}

export interface LocalSystem {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  readonly userName: string;
  /** Null when there is no such file. */
  readFile(path: string): Promise<LocalFile | null>;
  /** Whether there is something under this path (a unix socket, say). */
  exists(path: string): Promise<boolean>;
}

export const localSystem: LocalSystem = {
  env: process.env,
  platform: process.platform,
  get homeFolder() {
    return homedir();
  },
  get userName() {
    return userInfo().username;
  },
  async readFile(path) {
    try {
      const { mode, uid } = await stat(path);
      return { text: await readFile(path, 'utf8'), mode: mode & 0o777, ownedByRoot: uid === 0 };
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
      throw error;
    }
  },
  async exists(path) {
    return stat(path).then(
      () => true,
      () => false,
    );
  },
};
