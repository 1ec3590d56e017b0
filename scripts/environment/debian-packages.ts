// Two programs have no npm package: Chromium and pgbouncer. On Debian they are installed when that needs no password.
import { spawnSync } from 'node:child_process';
import { run } from './cache';
import { runsAsRoot } from './cache-folder';

const succeeds = (command: string, args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Installs a Debian package, or says what a person has to do; `otherwise` is the way around it, if there is one. */
export async function installPackage(name: string, otherwise?: string): Promise<void> {
  const byHand = `sudo apt-get install -y --no-install-recommends ${name}`;
  const advice = `Install it (${byHand})${otherwise === undefined ? '' : `, ${otherwise}`}, then start again.`;
  if (!succeeds('apt-get', ['--version']))
    throw new Error(`${name} is missing and there is no apt-get here. ${advice}`);
  if (!runsAsRoot && !succeeds('sudo', ['-n', 'true'])) {
    throw new Error(`${name} is missing, and installing it needs root or sudo without a password. ${advice}`);
  }
  const prefix = runsAsRoot ? [] : ['sudo', '-n'];
  const apt = async (...args: string[]) => {
    const [command = 'apt-get', ...rest] = [...prefix, 'apt-get', ...args];
    await run(command, rest, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  };
  console.log(`Installing the Debian package ${name} ...`);
  try {
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', name);
  } catch (error) {
    throw new Error(`${name} could not be installed. ${advice}`, { cause: error });
  }
}
