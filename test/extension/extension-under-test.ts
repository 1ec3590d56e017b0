// The installed extension, connected to the shop.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ExtensionParts } from '../../src/extension';
import type { ConnectionProfile } from '../../src/analysis/connection/connection-profile';
import { provideShopServer, toProfile, type ShopServer } from './shop-server';

export const extensionId = 'pg-insight.pg-insight';

export async function activateExtension(): Promise<ExtensionParts> {
  const extension = vscode.extensions.getExtension<ExtensionParts>(extensionId);
  assert.ok(extension, 'the extension is there');
  return extension.activate();
}

export interface ConnectedExtension {
  parts: ExtensionParts;
  shop: ShopServer;
  profile: ConnectionProfile;
}

/** Saves a profile for the shop and connects by the command that the view's button runs. */
export async function connectExtension(): Promise<ConnectedExtension> {
  const parts = await activateExtension();
  const shop = await provideShopServer();
  const profile = toProfile(shop);
  await parts.connectionStore.save(profile);
  await vscode.commands.executeCommand('pgInsight.connection.connect', { kind: 'profile', profile });
  assert.equal(parts.connectionStore.stateOf(profile.id).state, 'connected');
  return { parts, shop, profile };
}

/** Far above what anything here takes, and below the time of a test, so that what is missing is named. */
const patienceMs = 120_000;

/** Waits until `read` gives something else than undefined or false. */
export async function waitFor<Value>(
  what: string,
  read: () => Value | undefined | false | Promise<Value | undefined | false>,
): Promise<Value> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Not within ${patienceMs / 1_000} seconds: ${what}`);
}
