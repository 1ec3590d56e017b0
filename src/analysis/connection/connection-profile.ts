// A saved connection. It holds no secret: a password comes from SecretStorage, the environment, .pgpass, a service file
// or a password command at the moment of connecting.
import * as z from 'zod';

/** How careful PG Insight has to be: production asks before every ANALYZE. */
export const environments = ['development', 'staging', 'production'] as const;
export const environmentSchema = z.enum(environments);
export type Environment = z.infer<typeof environmentSchema>;

/** libpq's sslmode, with libpq's meaning (default prefer). */
export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export const sslModeSchema = z.enum(sslModes);
export type SslMode = z.infer<typeof sslModeSchema>;

export const connectionProfileSchema = z.strictObject({
  /** Stable identity, made once; the key of the stored password. */
  id: z.string().min(1),
  /** What the user calls it. */
  name: z.string().min(1),
  environment: environmentSchema,
  /** Host name, address or absolute folder of a unix socket. Null: PGHOST or libpq's default. */
  host: z.string().min(1).nullable(),
  /** Null: PGPORT or 5432. */
  port: z.number().int().min(1).max(65535).nullable(),
  /** Null: PGDATABASE or the user's name. */
  database: z.string().min(1).nullable(),
  /** Null: PGUSER or the operating system's user. */
  user: z.string().min(1).nullable(),
  /** A section of pg_service.conf that fills what is null here. */
  service: z.string().min(1).nullable(),
  /** Null: PGSSLMODE or prefer. */
  sslMode: sslModeSchema.nullable(),
  /** Paths; null: PGSSLROOTCERT, PGSSLCERT, PGSSLKEY. */
  sslRootCert: z.string().min(1).nullable(),
  sslCert: z.string().min(1).nullable(),
  sslKey: z.string().min(1).nullable(),
  /** Schemas that user SQL is resolved in (SET LOCAL search_path); null: the role's own. */
  searchPath: z.array(z.string().min(1)).nullable(),
  /** Program and arguments that print the password; null: none. */
  passwordCommand: z.array(z.string()).min(1).nullable(),
  /** Further libpq parameters by keyword, as a URL may have them (connect_timeout, channel_binding, options ...). No secrets. */
  parameters: z.record(z.string(), z.string()).optional(),
});
export type ConnectionProfile = z.infer<typeof connectionProfileSchema>;
