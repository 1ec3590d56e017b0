import assert from 'node:assert/strict';
import { findPassword } from '../../../src/database/password-file';
import { listServiceNames, parseService } from '../../../src/database/service-file';
import { findDatabaseUrl } from '../../../src/database/workspace-env';

const key = { hosts: ['db'], port: 5432, database: 'shop', user: 'ann' };

describe('findPassword (.pgpass)', () => {
  it('takes the first line that matches', () => {
    const text = 'other:5432:shop:ann:no\n#db:5432:shop:ann:comment\ndb:5432:shop:ann:one\ndb:5432:shop:ann:two\n';
    assert.equal(findPassword(text, key), 'one');
  });

  it('knows "*" for every field but the password', () => {
    assert.equal(findPassword('*:*:*:*:*', key), '*');
    assert.equal(findPassword('*:5433:*:*:x', key), null);
  });

  it('unescapes ":" and "\\"', () => {
    const strange = { hosts: ['::1'], port: 5432, database: 'a:b', user: 'c\\d' };
    assert.equal(findPassword('\\:\\:1:5432:a\\:b:c\\\\d:p\\:w\\\\', strange), 'p:w\\');
  });

  it('reads Windows line ends, and a password with spaces and emoji', () => {
    assert.equal(findPassword('db:5432:shop:ann:a 😀 b\r\n', key), 'a 😀 b');
  });

  it('has nothing for an empty file, a short line or an empty password', () => {
    for (const text of ['', 'db:5432:shop:ann', 'db:5432:shop:ann:', '\n\n'])
      assert.equal(findPassword(text, key), null);
  });

  it('takes any of the names of one host', () => {
    assert.equal(findPassword('localhost:*:*:*:x', { ...key, hosts: ['/tmp', 'localhost'] }), 'x');
  });
});

describe('parseService (pg_service.conf)', () => {
  const text = '# all\n[a]\nhost=h1\n port = 1 \nbroken\nhost=second\n\n[b]\r\nhost=h2\r\n';

  it('reads one section', () => {
    assert.deepEqual(
      [...(parseService(text, 'a')?.parameters ?? [])],
      [
        ['host', 'h1'],
        ['port', '1'],
      ],
    );
    assert.deepEqual([...(parseService(text, 'b')?.parameters ?? [])], [['host', 'h2']]);
  });

  it('says which line it did not understand', () => {
    assert.match(parseService(text, 'a')?.notes.join(' ') ?? '', /Line 5 /);
  });

  it('knows when there is no such section, and lists those there are', () => {
    assert.equal(parseService(text, 'c'), null);
    assert.deepEqual(listServiceNames(text), ['a', 'b']);
  });
});

describe('findDatabaseUrl (.env)', () => {
  it('finds it quoted, exported, commented', () => {
    assert.equal(
      findDatabaseUrl('A=1\nexport DATABASE_URL="postgresql://h/d?schema=x" # here\n'),
      'postgresql://h/d?schema=x',
    );
  });

  it('offers no other kind of database', () => {
    assert.equal(findDatabaseUrl('DATABASE_URL=mysql://h/d'), null);
    assert.equal(findDatabaseUrl('URL=postgres://h/d'), null);
  });
});
