// Everything needed to open a connection, after all sources (profile, service file, environment, defaults) were asked.
import type { SslMode } from '../analysis/connection/connection-profile';
import type { Target, TlsMaterial } from './transport';

export interface ConnectionSettings {
  /** Tried in order until one answers. */
  readonly targets: readonly Target[];
  readonly database: string;
  readonly user: string;
  /** Asked only when a server wants a password, and again at every reconnect; null when there is none. */
  readonly readPassword: (target: Target, signal: AbortSignal) => Promise<string | null>;
  readonly sslMode: SslMode;
  readonly tls: TlsMaterial;
  /** Schemas for user SQL; null: the role's own. */
  readonly searchPath: readonly string[] | null;
  readonly applicationName: string;
  /** For each target. */
  readonly connectTimeoutMs: number;
  /** What was asked for and is not done, a sentence each: shown, never dropped. */
  readonly notes: readonly string[];
}
