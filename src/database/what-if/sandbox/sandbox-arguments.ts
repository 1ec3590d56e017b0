// What initdb and postgres are told: one small server that plans and never executes, loses its data with pleasure, and is
// reached by this user alone.

/** How much a sandbox may take of the machine. */
export interface SandboxLimits {
  /** Real bytes of its folder: the sparse files of large tables take next to nothing. */
  readonly maxDiskBytes: number;
  /** Address space of each of its processes (Linux only): the planner of a monstrous statement may eat any memory. */
  readonly maxMemoryBytes: number;
  readonly maxConnections: number;
  /** Of the planner's role. */
  readonly statementTimeoutMs: number;
}

export const defaultSandboxLimits: SandboxLimits = {
  // a schema of 622 tables with its indexes takes some 60 MB; more than this is a mistake or an attack
  maxDiskBytes: 1024 ** 3,
  // planning a join of 100 tables takes some 200 MB; the server itself maps 200 MB
  maxMemoryBytes: 2 * 1024 ** 3,
  // a window's statements are planned over two or three of them; each process that is used takes some 15 MB
  maxConnections: 12,
  // planning takes milliseconds, and 15 ms with an index to be made; 12 joins without GEQO take seconds
  statementTimeoutMs: 15_000,
};

/** Raised when what is below or in sandbox-template.ts changes what a template holds. */
export const templateRecipe = 1;

/** Reserved for the owner: loading must go on when planning takes all others. */
const ownerConnections = 3;

export function toInitdbArguments(major: number, dataFolder: string, passwordFile: string): string[] {
  return [
    ...['-D', dataFolder, '-U', 'owner', '--pwfile', passwordFile],
    // also over the socket: what runs in a planner's session could open it as well
    '--auth=scram-sha-256',
    // databases for users' schemas name their own
    ...['--encoding=UTF8', '--locale=C', '--text-search-config=simple'],
    ...(major >= 15 ? ['--locale-provider=libc'] : []),
    // its share of what is copied at every start
    '--wal-segsize=1',
    '--no-sync',
    // files are truncated and written under the server's hands
    ...(major >= 18 ? ['--no-data-checksums'] : []),
  ];
}

/** A folder for the unix socket, or a port on loopback where there are no unix sockets. */
export type SandboxAddress = { readonly socketFolder: string } | { readonly port: number };

export function toServerArguments(
  major: number,
  dataFolder: string,
  address: SandboxAddress,
  limits: SandboxLimits,
): string[] {
  const settings: Record<string, string | number> = {
    ...('port' in address
      ? { listen_addresses: '127.0.0.1', port: address.port, unix_socket_directories: '' }
      : {
          listen_addresses: '',
          port: 5432,
          unix_socket_directories: address.socketFolder,
          unix_socket_permissions: '0700',
        }),
    // memory
    shared_buffers: '16MB',
    wal_buffers: '256kB',
    work_mem: '4MB',
    maintenance_work_mem: '16MB',
    temp_file_limit: '64MB',
    huge_pages: 'off',
    // in the data folder instead of /dev/shm: it goes with the folder whatever happens
    dynamic_shared_memory_type: process.platform === 'win32' ? 'windows' : 'mmap',
    // processes: nothing is executed, so a parallel plan needs no workers; the planner does not look at this
    max_connections: limits.maxConnections,
    superuser_reserved_connections: ownerConnections,
    max_worker_processes: 0,
    max_logical_replication_workers: 0,
    max_wal_senders: 0,
    autovacuum: 'off',
    ...(major >= 18 ? { io_method: 'sync' } : {}),
    // disk: it is thrown away, so nothing has to reach it
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    checkpoint_timeout: '1d',
    min_wal_size: '2MB',
    max_wal_size: '32MB',
    bgwriter_lru_maxpages: 0,
    // a crash ends it whole: what is loaded can't be trusted any more, and who loads it has to know
    restart_after_crash: 'off',
    // the user's statements stay out of the log
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_statement: 'none',
    log_checkpoints: 'off',
    log_autovacuum_min_duration: -1,
    logging_collector: 'off',
    lc_messages: 'C',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // costs decide about it, and nobody compiles what is not executed
    jit: 'off',
  };
  return ['-D', dataFolder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
