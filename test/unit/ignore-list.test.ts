import assert from 'node:assert/strict';
import type { Finding } from '../../src/analysis/finding';
import { findIgnoreReason, formatIgnoreList } from '../../src/analysis/ignore-list';
import { parseIgnoreList, type IgnoreEntry } from '../../src/analysis/parse-ignore-list';

const finding: Finding = {
  ruleId: 'unused-index',
  severity: 'low',
  subject: { kind: 'index', schema: 'public', name: 'Orders idx', table: 'orders' },
  message: 'Index "Orders idx" was never scanned.',
  evidence: [],
  fingerprint: 'unused-index: public."Orders idx"',
};

const reasonFor = (entry: Record<string, string>) => findIgnoreReason(finding, [entry as IgnoreEntry]);

describe('an ignore list', () => {
  it('names a rule, an object as SQL does, both, or one finding', () => {
    const reason = 'used by the yearly report';
    for (const entry of [
      { rule: 'unused-index' },
      { object: 'public."Orders idx"' },
      { rule: 'unused-index', object: 'public."Orders idx"' },
      { fingerprint: finding.fingerprint },
    ]) {
      assert.equal(reasonFor({ ...entry, reason }), reason, JSON.stringify(entry));
    }
  });

  it('leaves everything else alone', () => {
    for (const entry of [
      { rule: 'duplicate-index' },
      { object: 'public.orders' },
      { rule: 'unused-index', object: 'public.other' },
      { rule: 'duplicate-index', object: 'public."Orders idx"' },
      { fingerprint: 'unused-index: public.other' },
    ]) {
      assert.equal(reasonFor({ ...entry, reason: 'any' }), null, JSON.stringify(entry));
    }
  });

  it('reads what it writes', () => {
    const entries: IgnoreEntry[] = [
      { rule: 'no-primary-key', reason: 'log tables' },
      { object: 'public.orders', reason: 'to be dropped' },
      { fingerprint: 'x', reason: 'y' },
    ];
    assert.deepEqual(parseIgnoreList(formatIgnoreList(entries)), { status: 'read', entries });
  });

  it('says what is wrong with a file that can not be read', () => {
    const reasonOf = (text: string) => {
      const reading = parseIgnoreList(text);
      assert.equal(reading.status, 'unreadable', text);
      return reading.reason;
    };
    assert.match(reasonOf('{"ignore": [\n'), /^Line 2: This is not JSON; expected a value\.$/);
    assert.match(reasonOf(''), /^Line 1: This is not JSON/);
    assert.match(reasonOf('[]'), /^Line 1: The file holds \{"ignore": \[\.\.\.\]\}/);
    assert.match(reasonOf('{"ignore": [], "other": 1}'), /^Line 1: The file holds/);
    const entry = (json: string) => reasonOf(`{"ignore": [\n  {"rule": "unused-index", "reason": "x"},\n  ${json}\n]}`);
    assert.match(entry('{"rule": "unused-index"}'), /^Line 3: The entry has no "reason"/);
    assert.match(entry('{"rule": "unused-index",\n "reason": " "}'), /^Line 4: "reason" is empty\.$/);
    assert.match(
      entry('{"reason": "x", "rule": "unusd-index"}'),
      /^Line 3: "rule" names the rule "unusd-index", .*\. The rules are .*unused-index.*missing-index\.$/,
    );
    assert.match(entry('{"object": "", "reason": "x"}'), /^Line 3: "object" is empty/);
    assert.match(entry('{"object": 5, "reason": "x"}'), /^Line 3: An entry has a "reason" and/);
    assert.match(
      entry('{"rules": "unused-index", "object": "a", "reason": "x"}'),
      /^Line 3: The entry has "rules", which is not known/,
    );
    assert.match(entry('{"fingerprint": "a", "rule": "unused-index", "reason": "x"}'), /^Line 3: The entry has "rule"/);
    assert.match(entry('"unused-index"'), /^Line 3: An entry has a "reason" and/);
    assert.match(entry('{"reason": "x"}'), /^Line 3: An entry has a "reason" and/);
  });
});
