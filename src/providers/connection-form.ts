// The questions that make or change a profile.
import * as vscode from 'vscode';
import { isLocalHost } from '../analysis/connection/local-host';
import { isSameName } from '../analysis/connection/profile-name';
import type { ConnectionProfile, Environment, SslMode } from '../analysis/connection/connection-profile';
import { unsetConnection } from '../analysis/connection/unset-connection';
import type { ConnectionDraft, ConnectionSources } from './database-port';
import { findDatabaseUrls } from './dot-env-files';
import { environmentLabels } from './environment-labels';
import { formatFailure } from './failure-reporter';
import {
  askText,
  back,
  dismissed,
  pickOne,
  runSteps,
  separator,
  type Choice,
  type Step,
  type StepFrame,
} from './quick-steps';

export interface FilledForm {
  profile: ConnectionProfile;
  /** From a URL or typed; not in the profile. */
  password: string | null;
  storePassword: boolean;
}

type Settings = ConnectionDraft['fields'];

type Source =
  | { kind: 'url' }
  | { kind: 'fields' }
  | { kind: 'environment'; variables: Record<string, string> }
  | { kind: 'service'; service: string }
  | { kind: 'dot-env'; url: string };

// --- adding ----------------------------------------------------------------------------------------------------------

/** Null when the user gave up. */
export async function askNewProfile(
  sources: ConnectionSources,
  takenNames: readonly string[],
  startAt: 'choice' | 'dot-env' = 'choice',
): Promise<FilledForm | null> {
  let source: Source = { kind: 'url' };
  let settings: Settings = unsetConnection;
  let password: string | null = null;
  let storePassword = false;
  let environment: Environment = 'development';
  let name = '';

  const takeDraft = (draft: ConnectionDraft) => {
    settings = draft.fields;
    ({ password } = draft);
    if (draft.notes.length > 0) void vscode.window.showInformationMessage(draft.notes.join(' '));
  };
  /** What name and environment are guessed from: a profile of PG* variables says nothing itself. */
  const toGuessed = (): Settings => {
    if (source.kind !== 'environment') return settings;
    const { PGHOST, PGDATABASE, PGUSER, PGSERVICE } = source.variables;
    return {
      ...settings,
      host: PGHOST ?? null,
      database: PGDATABASE ?? null,
      user: PGUSER ?? null,
      service: PGSERVICE ?? null,
    };
  };
  const fieldStep = (
    ask: (frame: StepFrame) => Promise<string | typeof back | typeof dismissed>,
    take: (text: string) => void,
  ): Step => ({
    isDue: () => source.kind === 'fields',
    ask: async (frame) => {
      const text = await ask(frame);
      if (text === back || text === dismissed) return text;
      take(text);
      return 'answered';
    },
  });

  const askSource: Step = {
    ask: async (frame) => {
      const chosen = await pickOne<Source>({
        // no count yet: how many questions follow depends on the answer
        frame: { ...frame, totalSteps: 1 },
        placeholder: startAt === 'dot-env' ? 'Which DATABASE_URL?' : 'Where does the connection come from?',
        choices: startAt === 'dot-env' ? await listDotEnvChoices(sources) : await listSourceChoices(sources),
      });
      if (chosen === back || chosen === dismissed) return chosen;
      source = chosen;
      password = null;
      if (chosen.kind === 'dot-env') takeDraft(await sources.parseUrl(chosen.url));
      else settings = chosen.kind === 'service' ? { ...unsetConnection, service: chosen.service } : unsetConnection;
      return 'answered';
    },
  };
  const askForUrl: Step = {
    isDue: () => source.kind === 'url',
    ask: async (frame) => {
      const draft = await askUrl(sources, frame);
      if (draft === back || draft === dismissed) return draft;
      takeDraft(draft);
      return 'answered';
    },
  };
  const askHost = fieldStep(
    (frame) =>
      askText({
        frame,
        prompt: 'Host name, address, or folder of a unix socket',
        placeholder: 'localhost',
        value: settings.host ?? 'localhost',
      }),
    (text) => (settings = { ...settings, host: toNullable(text) }),
  );
  const askPort = fieldStep(
    (frame) => askText({ frame, prompt: 'Port', value: String(settings.port ?? 5432), validate: findPortProblem }),
    (text) => (settings = { ...settings, port: text.trim() === '' ? null : Number(text) }),
  );
  const askDatabase = fieldStep(
    (frame) => askText({ frame, prompt: "Database (empty: the user's name)", value: settings.database ?? '' }),
    (text) => (settings = { ...settings, database: toNullable(text) }),
  );
  const askUser = fieldStep(
    (frame) => askText({ frame, prompt: "User (empty: the operating system's user)", value: settings.user ?? '' }),
    (text) => (settings = { ...settings, user: toNullable(text) }),
  );
  const askPassword = fieldStep(
    (frame) =>
      askText({
        frame,
        prompt: 'Password (empty: from .pgpass or the environment, else it is asked for)',
        isPassword: true,
      }),
    (text) => (password = text === '' ? null : text),
  );
  const askToStore: Step = {
    isDue: () => password !== null,
    isFollowUp: true,
    ask: async (frame) => {
      const store = await askWhetherToStore(frame);
      if (store === back || store === dismissed) return store;
      storePassword = store;
      return 'answered';
    },
  };
  const askForEnvironment: Step = {
    ask: async (frame) => {
      const chosen = await askEnvironment(frame, guessEnvironment(toGuessed()));
      if (chosen === back || chosen === dismissed) return chosen;
      environment = chosen;
      return 'answered';
    },
  };
  const askName: Step = {
    ask: async (frame) => {
      const chosen = await askForName(frame, '', toGuessed(), takenNames);
      if (chosen === back || chosen === dismissed) return chosen;
      name = chosen;
      return 'answered';
    },
  };
  const steps = [
    ...[askSource, askForUrl, askHost, askPort, askDatabase, askUser, askPassword],
    ...[askToStore, askForEnvironment, askName],
  ];
  if (!(await runSteps('Add Connection', steps))) return null;
  return {
    profile: { id: await sources.createId(), name, environment, ...settings },
    password,
    storePassword,
  };
}

async function listSourceChoices(sources: ConnectionSources): Promise<(Choice<Source> | vscode.QuickPickItem)[]> {
  const [dotEnv, services, variables] = await Promise.all([
    listDotEnvChoices(sources),
    sources.listServices().catch(() => []),
    sources.listEnvironmentVariables(),
  ]);
  const found: Choice<Source>[] = [...dotEnv];
  if (Object.keys(variables).length > 0) {
    found.push({
      label: '$(terminal) Environment Variables',
      // a line of its own: they are many
      detail: Object.entries(variables)
        .map(([variable, value]) => `${variable}=${value}`)
        .join(' '),
      value: { kind: 'environment', variables },
    });
  }
  for (const service of services) {
    found.push({
      label: `$(server) Service ${service}`,
      description: 'pg_service.conf',
      value: { kind: 'service', service },
    });
  }
  return [
    { label: '$(link) Connection URL', description: 'postgresql://user@host/database', value: { kind: 'url' } },
    { label: '$(list-flat) Host, Database and User', value: { kind: 'fields' } },
    ...(found.length > 0 ? [separator('found on this machine'), ...found] : []),
  ];
}

async function listDotEnvChoices(sources: ConnectionSources): Promise<Choice<Source>[]> {
  return (await findDatabaseUrls(sources)).map(({ file, url }) => ({
    label: `$(file) DATABASE_URL of ${vscode.workspace.asRelativePath(file)}`,
    description: hidePassword(url),
    value: { kind: 'dot-env', url },
  }));
}

/** A URL without its password, for a list that someone may look at over a shoulder. */
function hidePassword(url: string): string {
  return url.replace(/^([a-z][\w+.-]*:\/\/[^:/@]*):.*@/i, '$1@').replace(/([?&]password=)[^&]*/gi, '$1***');
}

async function askUrl(
  sources: ConnectionSources,
  frame: StepFrame,
): Promise<ConnectionDraft | typeof back | typeof dismissed> {
  let value = '';
  for (let problem: string | null = null; ;) {
    const url = await askText({
      frame,
      prompt: problem ?? 'Connection URL. A password in it is not written to the profile.',
      placeholder: 'postgresql://user:password@host:5432/database?sslmode=require',
      value,
    });
    if (url === back || url === dismissed) return url;
    try {
      return await sources.parseUrl(url.trim());
    } catch (error) {
      if (!isDatabaseFailure(error)) throw error;
      problem = formatFailure(error);
      value = url;
    }
  }
}

// --- one field -------------------------------------------------------------------------------------------------------

function askEnvironment(frame: StepFrame, active: Environment): Promise<Environment | typeof back | typeof dismissed> {
  return pickOne<Environment>({
    frame,
    placeholder: 'How careful does PG Insight have to be?',
    choices: (Object.keys(environmentLabels) as Environment[]).map((environment) => ({
      label: `$(${environmentLabels[environment].icon}) ${environmentLabels[environment].title}`,
      detail: environmentLabels[environment].detail,
      value: environment,
    })),
    active,
  });
}

export function askWhetherToStore(frame: StepFrame): Promise<boolean | typeof back | typeof dismissed> {
  return pickOne<boolean>({
    frame,
    placeholder: 'Keep the password?',
    choices: [
      { label: 'Only in This Window', detail: 'Forgotten when the window closes.', value: false },
      { label: 'In Secret Storage', detail: "Encrypted by VS Code with the operating system's means.", value: true },
    ],
    active: false,
  });
}

function guessEnvironment(settings: Settings): Environment {
  const words = `${settings.host ?? ''} ${settings.database ?? ''} ${settings.service ?? ''}`.toLowerCase();
  if (/\b(prod|production|live)\b|[-_.]prod/.test(words)) return 'production';
  return /\b(stag|staging|stage|uat|preprod)\b/.test(words) ? 'staging' : 'development';
}

/** An empty box means the suggested name, which stands there in grey. */
async function askForName(
  frame: StepFrame,
  value: string,
  settings: Settings,
  taken: readonly string[],
): Promise<string | typeof back | typeof dismissed> {
  const suggested = suggestName(settings, taken);
  const text = await askText({
    frame,
    prompt: 'Name of the connection (empty: the suggested one)',
    placeholder: suggested,
    value,
    validate: (typed) => findNameProblem(typed, taken),
  });
  if (typeof text !== 'string') return text;
  return text.trim() === '' ? suggested : text.trim();
}

function suggestName(settings: Settings, taken: readonly string[]): string {
  const database = settings.database ?? settings.user ?? 'postgres';
  const isElsewhere = settings.host !== null && !isLocalHost(settings.host);
  const base = settings.service ?? (isElsewhere ? `${database} on ${settings.host}` : database);
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base} ${count}`;
    if (findNameProblem(name, taken) === null) return name;
  }
}

function findNameProblem(text: string, taken: readonly string[]): string | null {
  const same = taken.find((name) => isSameName(name, text));
  return same === undefined ? null : `There is a connection "${same}" already.`;
}

function findPortProblem(text: string): string | null {
  if (text.trim() === '') return null;
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? null : 'A port is a whole number from 1 to 65535.';
}

const toNullable = (text: string) => (text.trim() === '' ? null : text.trim());

// --- editing ---------------------------------------------------------------------------------------------------------

interface Field {
  label: string;
  show: (profile: ConnectionProfile) => string | null;
  /** What holds while the field is empty. */
  otherwise: string;
  ask: (
    profile: ConnectionProfile,
    frame: StepFrame,
  ) => Promise<Partial<ConnectionProfile> | typeof back | typeof dismissed>;
}

type TextKey = 'host' | 'database' | 'user' | 'service' | 'sslRootCert' | 'sslCert' | 'sslKey';

function textField(key: TextKey, label: string, prompt: string, otherwise: string): Field {
  return {
    label,
    otherwise,
    show: (profile) => profile[key],
    ask: async (profile, frame) => {
      const text = await askText({ frame, prompt, value: profile[key] ?? '' });
      return typeof text === 'string' ? { [key]: toNullable(text) } : text;
    },
  };
}

const sslModeDetails: Record<SslMode, string> = {
  disable: 'Never encrypted.',
  allow: 'Encrypted only when the server insists.',
  prefer: 'Encrypted when the server offers it.',
  require: 'Always encrypted; the certificate is not checked unless there is a root certificate.',
  'verify-ca': 'Encrypted, and the certificate comes from a known authority.',
  'verify-full': 'As verify-ca, and the certificate is for this host.',
};

function listFields(takenNames: readonly string[]): Field[] {
  return [
    {
      label: 'Name',
      otherwise: '',
      show: ({ name }) => name,
      ask: async (profile, frame) => {
        const name = await askForName(frame, profile.name, profile, takenNames);
        return typeof name === 'string' ? { name } : name;
      },
    },
    {
      label: 'Environment',
      otherwise: '',
      show: ({ environment }) => environmentLabels[environment].title,
      ask: async ({ environment: current }, frame) => {
        const environment = await askEnvironment(frame, current);
        return typeof environment === 'string' ? { environment } : environment;
      },
    },
    textField('host', 'Host', 'Host name, address, or folder of a unix socket', 'PGHOST or localhost'),
    {
      label: 'Port',
      otherwise: 'PGPORT or 5432',
      show: ({ port }) => (port === null ? null : String(port)),
      ask: async ({ port }, frame) => {
        const text = await askText({
          frame,
          prompt: 'Port',
          value: port === null ? '' : String(port),
          validate: findPortProblem,
        });
        return typeof text === 'string' ? { port: text.trim() === '' ? null : Number(text) } : text;
      },
    },
    textField('database', 'Database', 'Name of the database', "PGDATABASE or the user's name"),
    textField('user', 'User', 'Name of the role', "PGUSER or the operating system's user"),
    textField('service', 'Service', 'Section of pg_service.conf that fills what is empty here', 'none'),
    {
      label: 'TLS mode',
      otherwise: 'PGSSLMODE or prefer',
      show: ({ sslMode }) => sslMode,
      ask: async ({ sslMode: current }, frame) => {
        const sslMode = await pickOne<SslMode | null>({
          frame,
          placeholder: "TLS mode, with the meaning of libpq's sslmode",
          choices: [
            { label: 'Not Set', detail: 'PGSSLMODE, else prefer.', value: null },
            ...(Object.keys(sslModeDetails) as SslMode[]).map((value) => ({
              label: value,
              detail: sslModeDetails[value],
              value,
            })),
          ],
          active: current,
        });
        return sslMode === back || sslMode === dismissed ? sslMode : { sslMode };
      },
    },
    textField('sslRootCert', 'Root certificate', 'Path of the root certificates (PEM)', 'PGSSLROOTCERT'),
    textField('sslCert', 'Client certificate', 'Path of the client certificate (PEM)', 'PGSSLCERT'),
    textField('sslKey', 'Client key', 'Path of the client key (PEM)', 'PGSSLKEY'),
    {
      label: 'Search path',
      otherwise: "the role's own",
      show: ({ searchPath }) => searchPath?.join(', ') ?? null,
      ask: async ({ searchPath }, frame) => {
        const text = await askText({
          frame,
          prompt: 'Schemas that your SQL is resolved in, separated by commas',
          value: searchPath?.join(', ') ?? '',
        });
        if (typeof text !== 'string') return text;
        const schemas = text
          .split(',')
          .map((schema) => schema.trim())
          .filter((schema) => schema !== '');
        return { searchPath: schemas.length === 0 ? null : schemas };
      },
    },
    {
      label: 'Password command',
      otherwise: 'none',
      show: ({ passwordCommand }) => (passwordCommand === null ? null : JSON.stringify(passwordCommand)),
      ask: async ({ passwordCommand }, frame) => {
        const text = await askText({
          frame,
          prompt: 'Program and arguments that print the password, as a JSON array. No shell takes part.',
          placeholder: '["pass", "show", "shop"]',
          value: passwordCommand === null ? '' : JSON.stringify(passwordCommand),
          validate: (typed) => (parseCommand(typed) === undefined ? 'Write a JSON array of texts.' : null),
        });
        return typeof text === 'string' ? { passwordCommand: parseCommand(text) ?? null } : text;
      },
    },
  ];
}

/** Null for an empty text, undefined for one that is not an array of texts. */
function parseCommand(text: string): string[] | null | undefined {
  if (text.trim() === '') return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.length > 0 && parsed.every((part) => typeof part === 'string')
      ? parsed
      : undefined;
  } catch {
    return undefined;
  }
}

export interface ChangesQuestion {
  title: string;
  /** What the entry that ends it says: "Save". */
  done: string;
  otherNames: readonly string[];
}

/** A list of the fields: choose one to change it, the first entry when done. Null when the user gave up. */
export async function askChanges(
  profile: ConnectionProfile,
  { title, done, otherNames }: ChangesQuestion,
): Promise<ConnectionProfile | null> {
  let edited = profile;
  const fields = listFields(otherNames);
  for (let last: Field | null = null; ;) {
    const chosen: Field | 'save' | typeof back | typeof dismissed = await pickOne<Field | 'save'>({
      frame: { title, step: 1, totalSteps: 1, canGoBack: false },
      placeholder: 'Choose what to change',
      choices: [
        { label: `$(check) ${done}`, value: 'save' },
        separator('fields'),
        ...fields.map((field) => ({
          label: field.label,
          description: field.show(edited) ?? field.otherwise,
          value: field,
        })),
      ],
      ...(last === null ? {} : { active: last }),
    });
    if (chosen === back || chosen === dismissed) return null;
    if (chosen === 'save') return edited;
    last = chosen;
    const change = await chosen.ask(edited, { title, step: 1, totalSteps: 1, canGoBack: true });
    if (change === dismissed) return null;
    if (change !== back) edited = { ...edited, ...change };
  }
}
import { isDatabaseFailure } from '../analysis/connection/connection-failure';
