import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ConnectionNode } from '../../src/providers/connections-view';
import { connectExtension, waitFor, type ConnectedExtension } from './extension-under-test';

describe('Connections', () => {
  let extension: ConnectedExtension;
  const signal = () => new AbortController().signal;
  const itemOf = (node: ConnectionNode) => extension.parts.connectionsView.getTreeItem(node);
  const rootOf = async (id: string) => {
    const roots = await extension.parts.connectionsView.getChildren();
    const node = roots.find(({ profile }) => profile.id === id);
    assert.ok(node);
    return node;
  };

  before(async () => {
    extension = await connectExtension();
  });

  it('show the server, the database and the role as the server names them', async () => {
    const [row] = await extension.shop.query<{ version: string; role: string; database: string }>(
      `SELECT split_part(current_setting('server_version'), ' ', 1) AS version, current_user AS role,
              current_database() AS database`,
    );
    assert.ok(row);
    const node = await rootOf(extension.profile.id);
    assert.ok(String(itemOf(node).description).includes(`PostgreSQL ${row.version}`));
    const labels = (await extension.parts.connectionsView.getChildren(node)).map((child) => itemOf(child).label);
    assert.deepEqual(labels.slice(0, 3), [`PostgreSQL ${row.version}`, row.database, row.role]);
  });

  it('put the environment first', async () => {
    const { connectionStore } = extension.parts;
    const live = { ...extension.profile, id: 'test-live', name: 'Live', environment: 'production' as const };
    await connectionStore.save(live);
    assert.match(String(itemOf(await rootOf(live.id)).description), /^production · shop on /);
    await connectionStore.remove(live.id);
  });

  it('say what failed, and forget it when the profile is mended', async () => {
    const { connectionStore } = extension.parts;
    const broken = { ...extension.profile, id: 'test-broken', name: 'Broken', database: 'no such database' };
    await connectionStore.save(broken);
    await assert.rejects(connectionStore.connect(broken, signal()), /no such database/);
    const { description, tooltip } = itemOf(await rootOf(broken.id));
    assert.match(String(description), /^failed · /);
    assert.ok(tooltip instanceof vscode.MarkdownString);
    assert.match(tooltip.value, /no/);
    await connectionStore.save({ ...broken, database: 'shop' });
    assert.equal(connectionStore.stateOf(broken.id).state, 'disconnected');
    await connectionStore.remove(broken.id);
    assert.equal(connectionStore.findProfile(broken.id), null);
  });

  it('share one attempt, and leave nothing on the server when closed', async () => {
    const { connectionStore } = extension.parts;
    const other = {
      ...extension.profile,
      id: 'test-other',
      name: 'Other',
      parameters: { application_name: 'pg-insight closing' },
    };
    await connectionStore.save(other);
    const [first, second] = await Promise.all([
      connectionStore.connect(other, signal()),
      connectionStore.connect(other, signal()),
    ]);
    assert.equal(first, second);
    const backends = async () =>
      (await extension.shop.query(`SELECT FROM pg_stat_activity WHERE application_name = 'pg-insight closing'`)).length;
    assert.ok((await backends()) > 0);
    await connectionStore.disconnect(other.id);
    await waitFor('no backend is left', async () => (await backends()) === 0);
    await connectionStore.remove(other.id);
  });

  it('keep a session when profiles are read again at the same time', async () => {
    const { connectionStore } = extension.parts;
    await Promise.all([connectionStore.load(), connectionStore.load(), connectionStore.load()]);
    assert.equal(connectionStore.stateOf(extension.profile.id).state, 'connected');
  });

  it('bind a file to another connection than the window has', async () => {
    const { connectionStore } = extension.parts;
    const other = { ...extension.profile, id: 'test-bound', name: 'Bound' };
    await connectionStore.save(other);
    const file = vscode.Uri.parse('untitled:bound.sql');
    await connectionStore.bindFile(file, other.id);
    assert.equal(connectionStore.findProfileFor(file)?.name, 'Bound');
    assert.equal(connectionStore.findProfileFor(undefined)?.name, 'Shop');
    await connectionStore.remove(other.id);
    assert.equal(connectionStore.findProfileFor(file)?.name, 'Shop', 'a connection that is gone binds nothing');
    await connectionStore.bindFile(file, null);
  });

  it('say that they connect again after the server restarted, and then do', async () => {
    const { connectionStore } = extension.parts;
    const other = { ...extension.profile, id: 'test-lost', name: 'Lost' };
    await connectionStore.save(other);
    const session = await connectionStore.connect(other, signal());
    const ids = [other.id, extension.profile.id];
    const isConnected = (id: string) => connectionStore.stateOf(id).state === 'connected';
    // the way back may be shorter than the time between two looks
    const lost = new Set<string>();
    const subscription = connectionStore.onDidChange(() => {
      for (const id of ids.filter((each) => !isConnected(each))) lost.add(id);
    });
    await extension.shop.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'PG Insight'`,
    );
    await waitFor('both lost', () => lost.size === ids.length);
    subscription.dispose();
    await waitFor('both connected', () => ids.every(isConnected));
    assert.ok((await session.captureTables()).length > 0);
    await connectionStore.remove(other.id);
  });
});
