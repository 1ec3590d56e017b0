// What a health rule is: pure, on one snapshot, with options that are settings. It names the sections it needs; where one
// is missing the rule is skipped with that section's reason, which is another answer than "nothing found".
import type { z } from 'zod';
import type { Finding, Severity } from './finding';
import type { SectionGap, SectionName, SnapshotSections, SnapshotServer } from './snapshot';

export type RuleCategory = 'indexes' | 'tables' | 'schema' | 'statements' | 'server';

/** What a check sees: the rows of the sections it needs, and the server. */
export type RuleInput<Needs extends SectionName> = {
  readonly [Name in Needs]: readonly SnapshotSections[Name][];
} & { readonly server: SnapshotServer; readonly capturedAt: string };

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
  check(input: RuleInput<Needs>, options: Options): readonly RuleFinding[];
  /**
   * More than a missing section can keep a rule from judging (statistics that are too young): the reason, or null. Asked
   * before `check`, with the same input.
   */
  blockedBy?(input: RuleInput<Needs>, options: Options): SectionGap | null;
}

export type RuleFinding = Omit<Finding, 'ruleId' | 'severity'> & { severity?: Severity };
