import assert from 'node:assert/strict';
import type { IndexPromise } from '../../src/analysis/indexes/index-promise';
import { IndexChanges, type IndexChange } from '../../src/providers/index-changes';
import { TextMemento } from './text-memento';

const toCreated = (oid: number, fields: Partial<IndexChange> = {}): IndexChange =>
  ({
    id: String(oid),
    at: '2026-07-29T10:15:00.000Z',
    profileId: 'p',
    connection: 'Shop',
    server: 'db:5432',
    database: 'shop',
    title: 'index public.a',
    sql: 'CREATE INDEX a ON public.t USING btree (a)',
    isUndo: false,
    kind: 'created',
    undo: { indexes: [{ schema: 'public', name: 'a', oid, mustBeInvalid: false }], keep: [] },
    ...fields,
  }) as IndexChange;

describe('changes of indexes', () => {
  const request = (oid: number) => ({ indexes: [{ schema: 'x', name: 'y', oid, mustBeInvalid: false }], keep: [] });

  it('are kept newest first, over reloads, and not without end', async () => {
    const memento = new TextMemento();
    const changes = new IndexChanges(memento);
    for (let oid = 1; oid <= 60; oid += 1) await changes.add(toCreated(oid), null);
    const again = new IndexChanges(memento).all;
    assert.equal(again.length, 50);
    assert.deepEqual([again[0]?.id, again.at(-1)?.id], ['60', '11']);
  });

  it('give way to what has taken them back', async () => {
    const changes = new IndexChanges(new TextMemento());
    const [first, second] = [toCreated(1), toCreated(2)];
    await changes.add(first, null);
    await changes.add(second, null);
    await changes.add(toCreated(3, { isUndo: true }), first);
    assert.deepEqual(
      changes.all.map(({ id }) => id),
      ['3', '2'],
    );
    await changes.remove(second);
    assert.deepEqual(
      changes.all.map(({ id }) => id),
      ['3'],
    );
  });

  it('are found by the index and the database, not by a name', async () => {
    const changes = new IndexChanges(new TextMemento());
    await changes.add(toCreated(1), null);
    const place = { server: 'db:5432', database: 'shop' };
    assert.equal(changes.findCreated(place, request(1))?.id, '1');
    assert.equal(changes.findCreated(place, request(2)), null);
    assert.equal(changes.findCreated({ ...place, database: 'other' }, request(1)), null);
    assert.equal(changes.findCreated({ ...place, server: 'db:5433' }, request(1)), null);
  });

  it('keep what was promised of an index, for that one only', async () => {
    const promise = { since: '2026-07-29T10:15:00.000Z' } as IndexPromise;
    const changes = new IndexChanges(new TextMemento());
    await changes.add(toCreated(1, { promise }), null);
    await changes.add(toCreated(2), null);
    const place = { server: 'db:5432', database: 'shop' };
    const index = { schema: 'public', name: 'a', oid: 1 };
    assert.deepEqual(changes.findPromise(place, index), { promise, keep: [] });
    assert.equal(changes.findPromise(place, { ...index, oid: 2 }), null, 'not advised');
    assert.equal(changes.findPromise(place, { ...index, name: 'b' }), null, 'an OID that was given again');
    assert.equal(changes.findPromise({ ...place, database: 'other' }, index), null);
  });
});
