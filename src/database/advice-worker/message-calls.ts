// Calls between two threads over a message port, in both directions: arguments and results are copied, failures keep what
// is said in them, and a caller's abort reaches the function that was called.
import { DatabaseFailure, isDatabaseFailure, type FailureKind } from '../../analysis/connection/connection-failure';

type Handler = (argument: never, signal: AbortSignal) => unknown;

/** What one side can be asked, by name; arguments and results have to be plain data. */
export type CallHandlers<Calls> = Record<keyof Calls, Handler>;

export interface MessageEnd {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: CallMessage) => void): unknown;
}

/** An Error loses its class and its fields on the way. */
interface CarriedError {
  name: string;
  message: string;
  stack: string | undefined;
  /** Null for what is no DatabaseFailure. */
  failure: { kind: FailureKind; nextStep: string; details: DatabaseFailure['details'] } | null;
}

type CallMessage =
  | { type: 'call'; id: number; name: string; argument: unknown }
  | { type: 'abort'; id: number }
  | { type: 'return'; id: number; value: unknown }
  | { type: 'throw'; id: number; error: CarriedError };

interface PendingCall {
  resolve: (value: never) => void;
  reject: (reason: unknown) => void;
}

export class MessageCalls<Local extends CallHandlers<Local>, Remote extends CallHandlers<Remote>> {
  readonly #end: MessageEnd;
  readonly #handlers: Map<string, Handler>;
  readonly #pending = new Map<number, PendingCall>();
  readonly #serving = new Map<number, AbortController>();
  #count = 0;
  #broken: Error | null = null;

  /** `handlers` answer what the other side calls. */
  constructor(end: MessageEnd, handlers: Local) {
    this.#end = end;
    this.#handlers = new Map(Object.entries<Handler>(handlers));
    end.on('message', (message) => {
      this.#receive(message);
    });
  }

  async call<Name extends keyof Remote & string>(
    name: Name,
    argument: Parameters<Remote[Name]>[0],
    signal?: AbortSignal,
  ): Promise<Awaited<ReturnType<Remote[Name]>>> {
    signal?.throwIfAborted();
    if (this.#broken !== null) throw this.#broken;
    const id = ++this.#count;
    const abort = () => {
      this.#post({ type: 'abort', id });
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        this.#post({ type: 'call', id, name, argument });
      });
    } finally {
      this.#pending.delete(id);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** The other side is gone: whoever waits for it, or works for it, ends with this. */
  break(reason: Error): void {
    this.#broken ??= reason;
    for (const { reject } of this.#pending.values()) reject(reason);
    for (const controller of this.#serving.values()) controller.abort(reason);
  }

  #post(message: CallMessage): void {
    if (this.#broken === null) this.#end.postMessage(message);
  }

  #receive(message: CallMessage): void {
    switch (message.type) {
      case 'call':
        void this.#serve(message.id, message.name, message.argument);
        break;
      case 'abort':
        this.#serving.get(message.id)?.abort();
        break;
      case 'return':
        this.#pending.get(message.id)?.resolve(message.value as never);
        break;
      case 'throw':
        this.#pending.get(message.id)?.reject(toError(message.error));
        break;
    }
  }

  async #serve(id: number, name: string, argument: unknown): Promise<void> {
    const controller = new AbortController();
    this.#serving.set(id, controller);
    try {
      const value = await this.#handlers.get(name)?.(argument as never, controller.signal);
      this.#post({ type: 'return', id, value });
    } catch (error) {
      this.#post({ type: 'throw', id, error: toCarriedError(error) });
    } finally {
      this.#serving.delete(id);
    }
  }
}

function toCarriedError(error: unknown): CarriedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, failure: null };
  const { name, message, stack } = error;
  const failure = isDatabaseFailure(error)
    ? { kind: error.kind, nextStep: error.nextStep, details: error.details }
    : null;
  return { name, message, stack, failure };
}

function toError({ name, message, stack, failure }: CarriedError): Error {
  const error =
    failure === null
      ? Object.assign(new Error(message), { name })
      : new DatabaseFailure(failure.kind, message, failure.nextStep, failure.details);
  if (stack !== undefined) error.stack = stack;
  return error;
}
