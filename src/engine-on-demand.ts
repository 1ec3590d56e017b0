// The functions of the editor's engine for those who are made before it is there: its bundle (editor-engine.ts: pg, zod,
// the SQL parser, the plan rules) is loaded by the first call.
import type * as engine from './editor-engine';
import type {
  ConnectionSources,
  DatabaseAccess,
  IndexAdvisor,
  ProfileStore,
  SandboxSettings,
} from './providers/database-port';

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

/** Its thread and its sandbox are started by the first question. */
export class AdvisorOnDemand implements IndexAdvisor {
  readonly #parts: { readSandboxSettings: () => SandboxSettings; warn: (text: string) => void };
  #made: Promise<IndexAdvisor> | null = null;

  constructor(parts: { readSandboxSettings: () => SandboxSettings; warn: (text: string) => void }) {
    this.#parts = parts;
  }

  #make(): Promise<IndexAdvisor> {
    this.#made ??= loadEngine().then(({ createAdvisor }) => createAdvisor(this.#parts));
    return this.#made;
  }

  adviseWorkload: IndexAdvisor['adviseWorkload'] = async (...question) =>
    (await this.#make()).adviseWorkload(...question);

  explainWithIndex: IndexAdvisor['explainWithIndex'] = async (...question) =>
    (await this.#make()).explainWithIndex(...question);

  refresh: IndexAdvisor['refresh'] = (session) => {
    void this.#made?.then((advisor) => {
      advisor.refresh(session);
    });
  };

  async end(): Promise<void> {
    await (await this.#made)?.end();
  }
}
