// pg_service.conf: sections of libpq parameters.
import path from 'node:path';
import type { LocalSystem } from './local-system';

/** The user's file, then the system's (Debian's folder, which libpq has built in there). `named` replaces the user's. */
export function findServiceFiles({ env, platform, homeFolder }: LocalSystem, named: string | null): string[] {
  const usersOwn =
    platform === 'win32'
      ? path.join(env['APPDATA'] ?? homeFolder, 'postgresql', '.pg_service.conf')
      : path.join(homeFolder, '.pg_service.conf');
  return [
    named ?? env['PGSERVICEFILE'] ?? usersOwn,
    path.join(env['PGSYSCONFDIR'] ?? '/etc/postgresql-common', 'pg_service.conf'),
  ];
}

const sectionLine = /^\[(.*)\]$/;

/** Names of all sections, in the order of the file. */
export function listServiceNames(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => sectionLine.exec(line.trim())?.[1] ?? []);
}

export interface Service {
  parameters: Map<string, string>;
  /** Lines that were not understood, a sentence each. */
  notes: string[];
}

/** Null when the file has no section of that name. The first value of a parameter counts, as in libpq. */
export function parseService(text: string, name: string): Service | null {
  let service: Service | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const section = sectionLine.exec(line);
    if (section !== null) {
      if (service !== null) return service;
      if (section[1] === name) service = { parameters: new Map(), notes: [] };
      continue;
    }
    if (service === null) continue;
    const pair = /^([^=]+?)\s*=\s*(.*)$/.exec(line);
    const [, keyword, value] = pair ?? [];
    if (keyword === undefined || value === undefined) {
      service.notes.push(`Line ${index + 1} of the service file is not "parameter=value" and has no effect.`);
    } else if (!service.parameters.has(keyword)) service.parameters.set(keyword, value);
  }
  return service;
}
