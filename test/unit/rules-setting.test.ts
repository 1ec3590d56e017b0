import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { indexRules } from '../../src/analysis/indexes/index-groups';
import { planRules } from '../../src/analysis/plan/rules/index';
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

describe('the roster of health rules', () => {
  const namesIn = async (folder: string, ending: string) =>
    (await readdir(folder)).map((name) => path.basename(name, ending)).filter((name) => name !== 'index');
  const ids = healthRules.map(({ id }) => id);

  it('has one file a rule, of its name, and nothing else', async () => {
    assert.deepEqual((await namesIn('src/analysis/rules', '.ts')).sort(), ids.toSorted());
  });

  it('has a page for each rule, of its name, that begins with its title, id and severity', async () => {
    const ofPlans = [...planRules.map(({ id }) => id), 'missing-index'];
    assert.deepEqual((await namesIn('docs/rules', '.md')).sort(), [...ids, ...ofPlans].sort());
    for (const { id, title, defaultSeverity } of healthRules) {
      const page = await readFile(`docs/rules/${id}.md`, 'utf8');
      assert.ok(page.startsWith(`# ${title}\n\n\`${id}\` · severity ${defaultSeverity}`), id);
    }
  });
});

describe('the groups of the Indexes view', () => {
  it('are the rules about indexes', () => {
    // a foreign key without an index is a finding about the key
    const rules = healthRules.filter(({ id, category }) => category === 'indexes' && id !== 'unindexed-foreign-key');
    assert.deepEqual(Object.keys(indexRules).sort(), rules.map(({ id }) => id).sort());
  });
});
