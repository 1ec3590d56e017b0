// The functions of the editor's engine for those who are made before it is there: its bundle (editor-engine.ts: pg, zod,
// the SQL parser, the plan rules) is loaded by the first call.
import type * as engine from './editor-engine';
import type { ConnectionSources, DatabaseAccess, ProfileStore } from './providers/database-port';

export const loadEngine = (): Promise<typeof engine> => import('./editor-engine');

export const access: DatabaseAccess = {
  connect: async (...request) => (await loadEngine()).access.connect(...request),
};

export const profiles: ProfileStore = {
  load: async () => (await loadEngine()).profiles.load(),
  save: async (profile) => (await loadEngine()).profiles.save(profile),
  remove: async (id) => (await loadEngine()).profiles.remove(id),
};

export const sources: ConnectionSources = {
  createId: async () => (await loadEngine()).sources.createId(),
  parseUrl: async (url) => (await loadEngine()).sources.parseUrl(url),
  findDatabaseUrl: async (text) => (await loadEngine()).sources.findDatabaseUrl(text),
  listEnvironmentVariables: async () => (await loadEngine()).sources.listEnvironmentVariables(),
  listServices: async () => (await loadEngine()).sources.listServices(),
};
