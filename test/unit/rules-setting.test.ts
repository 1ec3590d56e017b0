import assert from 'node:assert/strict';
import * as z from 'zod';
import { indexRules } from '../../src/analysis/indexes/index-groups';
import { healthRules } from '../../src/analysis/rules/index';
import manifest from '../../package.json';

describe('the setting pgInsight.rules', () => {
  it('knows the options of every rule, and no other', () => {
    const expected = Object.fromEntries(
      healthRules.map(({ id, title, options }) => {
        const schema = z.toJSONSchema(options, { io: 'input' });
        delete schema.$schema;
        return [id, { description: title, anyOf: [{ const: 'off' }, schema] }];
      }),
    );
    const setting = manifest.contributes.configuration.properties['pgInsight.rules'];
    assert.equal(setting.additionalProperties, false);
    // through JSON, as package.json has it
    assert.deepEqual(setting.properties, JSON.parse(JSON.stringify(expected)));
  });
});

describe('the groups of the Indexes view', () => {
  it('are the rules about indexes', () => {
    // a foreign key without an index is a finding about the key
    const rules = healthRules.filter(({ id, category }) => category === 'indexes' && id !== 'unindexed-foreign-key');
    assert.deepEqual(Object.keys(indexRules).sort(), rules.map(({ id }) => id).sort());
  });
});
