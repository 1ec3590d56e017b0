// A part of what was read from a server. Each part may be missing, and says why: "nothing there" and "could not look"
// are different answers.

/** Why a section is missing; "not permitted" and "not possible on this server" ask for different next steps. */
export interface Unavailable {
  status: 'unavailable';
  cause: 'not-permitted' | 'not-possible' | 'timed-out' | 'failed' | 'switched-off';
  /** A sentence for the user, with what to do next where something can be done. */
  reason: string;
}

export type Section<Row> = { status: 'available'; rows: Row[] } | Unavailable;
