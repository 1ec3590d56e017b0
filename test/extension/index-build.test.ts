import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { isDatabaseFailure } from '../../src/analysis/connection/connection-failure';
import type { IndexBuildRequest, IndexProgress } from '../../src/analysis/index-build/index-build';
import type { DatabaseSession } from '../../src/providers/database-port';
import { FailureReporter } from '../../src/providers/failure-reporter';
import { IndexBuildCommands } from '../../src/providers/index-build-commands';
import { connectExtension, type ConnectedExtension } from './extension-under-test';

const request: IndexBuildRequest = {
  index: {
    schema: 'public',
    table: 'orders',
    name: 'orders_from_the_editor',
    unique: false,
    clause: 'USING btree (customer_id)',
  },
  estimatedSizeBytes: null,
};

describe('Indexes created in the editor', () => {
  let extension: ConnectedExtension;
  let session: DatabaseSession;
  let log: vscode.LogOutputChannel;

  before(async () => {
    extension = await connectExtension();
    const { activeSession } = extension.parts.connectionStore;
    assert.ok(activeSession);
    session = activeSession;
    const [table] = await extension.shop.query<{ schema: string }>(
      "SELECT relnamespace::regnamespace::text AS schema FROM pg_class WHERE relname = 'orders' AND relkind = 'r'",
    );
    assert.ok(table);
    request.index.schema = table.schema;
    log = vscode.window.createOutputChannel('PG Insight index test', { log: true });
  });

  after(() => {
    log.dispose();
  });

  const isThere = async () =>
    (await extension.shop.query("SELECT FROM pg_class WHERE relname = 'orders_from_the_editor'")).length === 1;

  it('are asked for in a dialog that names all of it, and not made without an answer', async () => {
    const created: unknown[] = [];
    const commands = new IndexBuildCommands({
      reporter: new FailureReporter(log),
      log,
      openSession: () => Promise.resolve(session),
      readProfile: () => Promise.resolve(session.profile),
      findActiveProfile: () => session.profile,
      changes: extension.parts.indexChanges,
      started: extension.parts.startedIndexChanges,
      onDidCreate: (_, built) => created.push(built),
      onDidDrop: () => undefined,
    });
    // VS Code shows no modal dialog under test: it refuses, with what the dialog would have said
    await assert.rejects(commands.create(session, request), /Create index .*orders_from_the_editor on "Shop"\?/);
    assert.deepEqual(created, []);
    assert.equal(await isThere(), false);
  });

  it('are built through the engine, with progress, and taken back', async () => {
    const plan = await session.prepareIndexBuild(request);
    const consent = { sql: plan.steps.map(({ sql }) => sql), server: session.server, database: session.database };
    const events: IndexProgress[] = [];
    const built = await session.runIndexBuild(request, consent, { onProgress: (progress) => events.push(progress) });
    assert.ok(built.outcome === 'built', JSON.stringify(built));
    assert.ok(events.length > 0);
    assert.equal(await isThere(), true);
    const back = await session.prepareIndexDrop(built.undo);
    await assert.rejects(
      session.runIndexDrop(built.undo, consent),
      (error) => isDatabaseFailure(error) && error.kind === 'consent-required',
    );
    const dropped = await session.runIndexDrop(built.undo, { ...consent, sql: back.steps.map(({ sql }) => sql) });
    assert.equal(dropped.outcome, 'dropped');
    assert.equal(await isThere(), false);
  });
});
