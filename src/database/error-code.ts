/** SQLSTATE of a server's error or the code of one of Node's; empty without. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Why a file could not be used, to be put behind its name: Node's own message names the file once more. */
export function describeFileError(error: unknown): string {
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    ENOTDIR: 'a part of its path is no folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'it is a folder',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
  };
  const code = errorCode(error);
  return reasons[code] ?? (code === '' ? 'unknown error' : code);
}
