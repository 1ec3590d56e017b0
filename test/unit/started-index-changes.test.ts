import assert from 'node:assert/strict';
import { StartedIndexChanges, type StartedIndexChange } from '../../src/providers/started-index-changes';
import { TextMemento } from './text-memento';

const place = { profileId: 'p', server: 'db:5432', database: 'shop' };
const toStarted = (id: string): StartedIndexChange => ({
  ...place,
  id,
  title: 'index public.a',
  kind: 'build',
  build: {
    request: {
      index: { schema: 'public', table: 't', name: 'a', unique: false, clause: 'USING btree (a)' },
      estimatedSizeBytes: null,
    },
    made: [{ schema: 'public', name: 'a', table: 't' }],
    keep: [],
    unfinishedSql: '',
  },
});

describe('changes of indexes that were begun', () => {
  it('are told to the next window, once, and to nobody when their end was seen', async () => {
    const memento = new TextMemento();
    const window = new StartedIndexChanges(memento);
    await window.add(toStarted('seen'));
    await window.add(toStarted('lost'));
    assert.deepEqual(window.takeLost(place), [], 'it runs here');
    await window.remove({ id: 'seen' });
    const next = new StartedIndexChanges(memento);
    assert.deepEqual(next.takeLost({ ...place, database: 'other' }), []);
    assert.deepEqual(next.takeLost(place), [toStarted('lost')]);
    assert.deepEqual(next.takeLost(place), []);
    await next.remove({ id: 'lost' });
    assert.deepEqual(new StartedIndexChanges(memento).takeLost(place), []);
  });
});
