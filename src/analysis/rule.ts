// What a health rule is: pure, on one snapshot, with options that are settings. It names the sections it needs; where one
// is missing the rule is skipped with that section's reason, which is another answer than "nothing found".
import * as z from 'zod';
import type { Evidence, Finding, Severity } from './finding';
import type { SectionGap, SectionName, Snapshot, SnapshotSections, SnapshotServer } from './snapshot';

export type RuleCategory = 'indexes' | 'tables' | 'schema' | 'statements' | 'server';

/** What a check sees: the rows of the sections it needs, the server, and which sections are missing. */
export type RuleInput<Needs extends SectionName> = {
  readonly [Name in Needs]: readonly SnapshotSections[Name][];
} & {
  readonly server: SnapshotServer;
  readonly capturedAt: string;
  /** Of all sections, those that could not be looked at. */
  readonly gaps: Readonly<Partial<Record<SectionName, SectionGap>>>;
};

export interface RuleDefinition<Needs extends SectionName, Options> {
  /** Also the name of its file, of its page in docs/rules, of its tests and of its setting. */
  id: string;
  title: string;
  category: RuleCategory;
  defaultSeverity: Severity;
  needs: readonly Needs[];
  /** Thresholds with their defaults; the setting pgInsight.rules has them under the rule's id. */
  options: z.ZodType<Options>;
  /** Findings without the rule's id; the severity is the default one where it is not said. */
  check: (input: RuleInput<Needs>, options: Options) => readonly RuleFinding[];
  /**
   * More than a missing section can keep a rule from judging (statistics that are too young): the reason, or null. Asked
   * before `check`, with the same input.
   */
  blockedBy?: (input: RuleInput<Needs>, options: Options) => SectionGap | null;
}

export type RuleFinding = Omit<Finding, 'ruleId' | 'severity'> & {
  severity?: Severity;
  /** Orders the findings of one rule and severity, the greatest first: bytes, rows, ms ... whatever the rule counts in. */
  weight: number;
};

export type RuleResult =
  /** Greatest weight first. */
  { status: 'ran'; findings: readonly Finding[] } | { status: 'skipped'; reason: SectionGap };

/** A rule as the roster and `analyze` know it. */
export interface HealthRule {
  id: string;
  title: string;
  category: RuleCategory;
  defaultSeverity: Severity;
  needs: readonly SectionName[];
  /** What the setting pgInsight.rules may hold under the rule's id, besides "off". */
  options: z.ZodType<Record<string, unknown>>;
  /** `options` as the settings have them: a part of the rule's options, or undefined. */
  run: (snapshot: Snapshot, options?: unknown) => RuleResult;
}

export function defineRule<Needs extends SectionName, Options extends Record<string, unknown>>(
  definition: RuleDefinition<Needs, Options>,
): HealthRule {
  const { id, title, category, defaultSeverity, needs, options: schema } = definition;
  return {
    id,
    title,
    category,
    defaultSeverity,
    needs,
    options: schema,
    run(snapshot, given = {}) {
      const parsed = schema.safeParse(given);
      if (!parsed.success) {
        return {
          status: 'skipped',
          reason: {
            kind: 'failed',
            message: `The options of the rule ${id} are not valid: ${z.prettifyError(parsed.error)}`,
            nextStep: `Correct "${id}" in the setting pgInsight.rules.`,
          },
        };
      }
      const gaps = findGaps(snapshot);
      for (const name of needs) {
        const reason = gaps[name];
        if (reason !== undefined) return { status: 'skipped', reason };
      }
      const input = toInput(snapshot, needs, gaps);
      const reason = definition.blockedBy?.(input, parsed.data) ?? null;
      if (reason !== null) return { status: 'skipped', reason };
      const findings = definition
        .check(input, parsed.data)
        .toSorted((a, b) => b.weight - a.weight)
        .map(({ severity = defaultSeverity, subject, message, advice, evidence, fix, fingerprint }): Finding => ({
          ruleId: id,
          severity,
          subject,
          message,
          ...(advice === undefined ? {} : { advice }),
          evidence,
          ...(fix === undefined ? {} : { fix }),
          fingerprint,
        }));
      return { status: 'ran', findings };
    },
  };
}

function findGaps({ sections }: Snapshot): Partial<Record<SectionName, SectionGap>> {
  return Object.fromEntries(
    Object.entries(sections).flatMap(([name, section]) =>
      section.status === 'unavailable' ? [[name, section.reason]] : [],
    ),
  );
}

function toInput<Needs extends SectionName>(
  { server, capturedAt, sections }: Snapshot,
  needs: readonly Needs[],
  gaps: Partial<Record<SectionName, SectionGap>>,
): RuleInput<Needs> {
  const rows = needs.map((name) => {
    const section = sections[name];
    return [name, section.status === 'available' ? section.rows : []] as const;
  });
  // fromEntries forgets which rows belong to which name
  const named = Object.fromEntries(rows) as unknown as { readonly [Name in Needs]: readonly SnapshotSections[Name][] };
  return { ...named, server, capturedAt, gaps };
}

/** A figure that the server counted or stores. */
export function measured(label: string, value: number | string, unit: string | null): Evidence {
  return { grade: 'measured', label, value, unit };
}

/** A figure that rests on the planner's or VACUUM's estimates (reltuples, relpages). */
export function estimated(label: string, value: number | string, unit: string | null): Evidence {
  return { grade: 'estimated', label, value, unit };
}
