// What a session says about its connection while it lives.

export type ConnectionState =
  | { state: 'connected' }
  /** Said as soon as the loss is noticed; `attempt` counts from 1, `retryInMs` until the next one. */
  | { state: 'reconnecting'; attempt: number; retryInMs: number; reason: string }
  /** `reason` when nobody asked for it: the server does not accept the login any more. */
  | { state: 'closed'; reason?: string };
