/** Prints what went wrong in words, with what it came from; a stack would bury them. */
export function printFailure(error: unknown): void {
  if (!(error instanceof Error)) {
    console.error(error);
    return;
  }
  console.error(error.message);
  if (error.cause !== undefined) printFailure(error.cause);
}
