import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { activateExtension, extensionId } from './extension-under-test';

interface Menu {
  command: string;
  when?: string;
  group?: string;
}

interface Manifest {
  icon: string;
  contributes: {
    commands: { command: string; title: string; category?: string; icon?: string }[];
    menus: Record<string, Menu[]>;
    keybindings: { command: string; key: string; when?: string }[];
    configuration: { properties: Record<string, { default: unknown; scope: string; markdownDescription: string }> };
    views: Record<string, { id: string; icon: string }[]>;
    viewsWelcome: { view: string; contents: string }[];
    walkthroughs: { steps: { description: string; media: { svg: string } }[] }[];
  };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}

describe('contributions', () => {
  let manifest: Manifest;
  let folder: string;

  before(async () => {
    await activateExtension();
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension);
    manifest = extension.packageJSON as Manifest;
    folder = extension.extensionPath;
  });

  it('registers every contributed command, and no other', async () => {
    const registered = (await vscode.commands.getCommands(true)).filter((name) => name.startsWith('pgInsight.'));
    const declared = manifest.contributes.commands.map(({ command }) => command);
    // VS Code makes commands of its own for views: pgInsight.tables.focus and the like
    const views = Object.values(manifest.contributes.views).flatMap((each) => each.map(({ id }) => `${id}.`));
    const own = registered.filter(
      (name) =>
        declared.includes(name) ||
        !views.some(
          (view) =>
            name.startsWith(view) &&
            /^(?:focus|open|resetViewLocation|toggleVisibility|removeView)/.test(name.slice(view.length)),
        ),
    );
    assert.deepEqual(own.sort(), [...declared].sort());
  });

  it('names commands pgInsight.<object>.<verb> under one category, each with an icon', () => {
    for (const { command, category, icon } of manifest.contributes.commands) {
      assert.match(command, /^pgInsight\.[a-z][a-zA-Z]*\.[a-z][a-zA-Z]*$/);
      assert.equal(category, 'PG Insight', command);
      assert.match(icon ?? '', /^\$\([a-z-]+\)$/, command);
    }
  });

  it('hides from the palette what needs a row of a view', () => {
    const hidden = manifest.contributes.menus['commandPalette']?.filter(({ when }) => when === 'false') ?? [];
    // by their objects: every row's commands, and no other
    const rowObjects = ['advice', 'check', 'finding', 'index', 'object', 'rule', 'slowQuery', 'table'];
    const ofRows = manifest.contributes.commands
      .map(({ command }) => command)
      .filter((command) => rowObjects.includes(command.split('.')[1] ?? ''));
    // these two find their object themselves; the ones added are a row's although they are named after its view
    const expected = ofRows.filter(
      (command) => !['pgInsight.advice.refresh', 'pgInsight.index.undo'].includes(command),
    );
    for (const verb of ['copyRemedy', 'reveal', 'showMore']) expected.push(`pgInsight.slowQueries.${verb}`);
    expected.push('pgInsight.findings.showMore', 'pgInsight.workload.adviseStatements');
    assert.deepEqual(hidden.map(({ command }) => command).sort(), expected.sort());
  });

  it('uses only declared commands in menus, keys, welcome texts and the walkthrough', () => {
    const declared = new Set(manifest.contributes.commands.map(({ command }) => command));
    const texts = [
      ...manifest.contributes.viewsWelcome.map(({ contents }) => contents),
      ...manifest.contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ description }) => description)),
    ];
    const used = [
      ...Object.values(manifest.contributes.menus).flatMap((menus) => menus.map(({ command }) => command)),
      ...manifest.contributes.keybindings.map(({ command }) => command),
      ...texts.flatMap((text) =>
        [...text.matchAll(/command:(pgInsight\.[\w.]+)/g)].map(([, command]) => command ?? ''),
      ),
    ];
    for (const command of used) assert.ok(declared.has(command) || command === 'pgInsight.tables.focus', command);
  });

  it('has the files it names', () => {
    const files = [
      manifest.icon,
      ...Object.values(manifest.contributes.views).flatMap((views) => views.map(({ icon }) => icon)),
      ...manifest.contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
    ];
    for (const file of files) assert.ok(existsSync(path.join(folder, file)), file);
  });

  it('gives every setting its default, a description and a scope', () => {
    for (const [name, { default: value, scope, markdownDescription }] of Object.entries(
      manifest.contributes.configuration.properties,
    )) {
      assert.deepEqual(vscode.workspace.getConfiguration().inspect(name)?.defaultValue, value, name);
      assert.ok(markdownDescription.length > 20, name);
      assert.match(scope, /^(?:window|resource|machine|application)$/, name);
    }
  });

  it('lets an untrusted workspace choose no server', () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    assert.deepEqual(restrictedConfigurations, ['pgInsight.connection.default', 'pgInsight.connection.autoConnect']);
  });

  it('takes no key from a built-in command', async () => {
    const uri = vscode.Uri.parse('vscode://defaultsettings/keybindings.json');
    const text = (await vscode.workspace.openTextDocument(uri)).getText();
    // comments in it list commands without a key
    const bindings = JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, '')) as {
      key: string;
      command: string;
      when?: string;
    }[];
    assert.ok(bindings.length > 500, 'the built-in bindings are read');
    for (const { key } of manifest.contributes.keybindings) {
      const others = bindings.filter(
        (binding) =>
          binding.key === key &&
          !binding.command.startsWith('pgInsight.') &&
          // the list of the keyboard shortcuts editor has the focus then, not a text editor
          binding.when?.includes('inKeybindings') !== true,
      );
      assert.deepEqual(others, [], key);
    }
  });
});
