// The Connections view: the profiles and, below a connected one, what is known of its server and role.
import * as vscode from 'vscode';
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import type { DoctorCheck, DoctorStatus } from '../analysis/doctor';
import type { ConnectionStore, ProfileState } from './connection-store';
import type { DatabaseSession } from './database-port';
import { environmentLabels } from './environment-labels';
import type { PasswordStore } from './password-store';

export type ConnectionNode =
  | { kind: 'profile'; profile: ConnectionProfile }
  | { kind: 'fact'; profile: ConnectionProfile; label: string; description: string; icon: string }
  | { kind: 'check'; profile: ConnectionProfile; check: DoctorCheck };

/** What the role, the server or the machine lacks, and what is fine. */
export type RunDoctor = (session: DatabaseSession) => Promise<DoctorCheck[]>;

const warning = new vscode.ThemeColor('list.warningForeground');

const checkIcons: Record<DoctorStatus, vscode.ThemeIcon> = {
  fine: new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed')),
  missing: new vscode.ThemeIcon('info'),
  'not-permitted': new vscode.ThemeIcon('warning', warning),
  'not-possible': new vscode.ThemeIcon('info'),
  'switched-off': new vscode.ThemeIcon('warning', warning),
};

export class ConnectionsView implements vscode.TreeDataProvider<ConnectionNode>, vscode.Disposable {
  readonly #store: ConnectionStore;
  readonly #passwords: PasswordStore;
  readonly #runDoctor: RunDoctor;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #subscription: vscode.Disposable;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(store: ConnectionStore, passwords: PasswordStore, runDoctor: RunDoctor) {
    this.#store = store;
    this.#passwords = passwords;
    this.#runDoctor = runDoctor;
    this.#subscription = store.onDidChange(() => {
      this.#changed.fire(undefined);
    });
  }

  async getChildren(node?: ConnectionNode): Promise<ConnectionNode[]> {
    if (node === undefined) return this.#store.profiles.map((profile) => ({ kind: 'profile', profile }));
    if (node.kind !== 'profile') return [];
    const { profile } = node;
    const state = this.#store.stateOf(profile.id);
    if (state.state !== 'connected') return [];
    const { session } = state;
    const checks = await this.#runDoctor(session);
    return [
      ...toFacts(session).map((fact): ConnectionNode => ({ kind: 'fact', profile, ...fact })),
      // what is fine is in the facts above, or nothing anybody has to know
      ...checks
        .filter(({ status }) => status !== 'fine')
        .map((check): ConnectionNode => ({ kind: 'check', profile, check })),
    ];
  }

  getTreeItem(node: ConnectionNode): vscode.TreeItem {
    switch (node.kind) {
      case 'profile':
        return this.#toProfileItem(node.profile);
      case 'fact': {
        const item = new vscode.TreeItem(node.label);
        item.description = node.description;
        item.tooltip = `${node.label}: ${node.description}`;
        item.iconPath = new vscode.ThemeIcon(node.icon);
        return item;
      }
      case 'check':
        return toCheckItem(node.check);
    }
  }

  #toProfileItem(profile: ConnectionProfile): vscode.TreeItem {
    const state = this.#store.stateOf(profile.id);
    const isActive = this.#store.active?.id === profile.id;
    const item = new vscode.TreeItem(
      profile.name,
      state.state === 'connected' ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
    );
    // a new identity by state, so that a profile that connects is not left collapsed or expanded by its former self
    item.id = `${profile.id}/${state.state === 'connected' ? 'open' : 'closed'}`;
    item.description = describeProfile(profile, state);
    item.iconPath = toIcon(state, isActive);
    item.contextValue = `connection.${state.state}${this.#passwords.isStored(profile.id) ? '.password' : ''}`;
    item.tooltip = toTooltip(profile, state, isActive);
    item.accessibilityInformation = {
      label: `${profile.name}, ${profile.environment}, ${state.state}${isActive ? ', used by this window' : ''}`,
    };
    return item;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

function toFacts(session: DatabaseSession): { label: string; description: string; icon: string }[] {
  const { facts } = session;
  return [
    {
      label: `PostgreSQL ${facts.version}`,
      description: [facts.inRecovery ? 'standby' : null, facts.pooler === 'none' ? null : `behind ${facts.pooler}`]
        .filter((part) => part !== null)
        .join(', '),
      icon: 'server',
    },
    { label: session.database, description: `on ${session.server}`, icon: 'database' },
    { label: facts.role, description: facts.isSuperuser ? 'superuser' : 'role', icon: 'person' },
    facts.tls === null
      ? { label: 'Not encrypted', description: '', icon: 'unlock' }
      : { label: 'Encrypted', description: `${facts.tls.version} ${facts.tls.cipher}`, icon: 'lock' },
  ];
}

function toCheckItem(check: DoctorCheck): vscode.TreeItem {
  const item = new vscode.TreeItem(check.message);
  item.iconPath = checkIcons[check.status];
  const tooltip = new vscode.MarkdownString();
  tooltip.appendText(check.message);
  if (check.cost !== null) {
    tooltip.appendMarkdown('\n\n');
    tooltip.appendText(check.cost);
  }
  if (check.remedy !== undefined) {
    tooltip.appendMarkdown('\n\n**');
    tooltip.appendText(check.remedy.title);
    tooltip.appendMarkdown('**\n');
    tooltip.appendCodeblock(check.remedy.sql, 'sql');
    tooltip.appendText(check.remedy.risk);
  }
  item.tooltip = tooltip;
  item.contextValue = check.remedy === undefined ? 'check' : 'check.remedy';
  return item;
}

/** Environment first: it is what must not be overlooked when a long description is cut off. */
function describeProfile(profile: ConnectionProfile, state: ProfileState): string {
  const parts: string[] = profile.environment === 'development' ? [] : [profile.environment];
  switch (state.state) {
    case 'connected':
      parts.push(`PostgreSQL ${state.session.facts.version}`, `${state.session.database} on ${state.session.server}`);
      break;
    case 'connecting':
      parts.push('connecting ...');
      break;
    case 'reconnecting':
      parts.push('reconnecting ...');
      break;
    case 'failed':
      parts.push('failed', describeTarget(profile));
      break;
    case 'disconnected':
      parts.push(describeTarget(profile));
  }
  return parts.join(' · ');
}

/** Where a profile leads to, as far as it says so itself. */
export function describeTarget(profile: ConnectionProfile): string {
  const { host, port: ownPort, database, user, service } = profile;
  if (service !== null && host === null) return `service ${service}`;
  if ([host, ownPort, database, user].every((part) => part === null)) return 'PG* variables';
  const port = profile.port === null ? '' : `:${profile.port}`;
  const server = `${profile.host ?? 'localhost'}${port}`;
  return profile.database === null ? server : `${profile.database} on ${server}`;
}

function toIcon(state: ProfileState, isActive: boolean): vscode.ThemeIcon {
  switch (state.state) {
    case 'connected':
      return new vscode.ThemeIcon(
        'database',
        new vscode.ThemeColor(isActive ? 'testing.iconPassed' : 'icon.foreground'),
      );
    case 'connecting':
      return new vscode.ThemeIcon('loading~spin');
    case 'reconnecting':
      return new vscode.ThemeIcon('sync~spin', new vscode.ThemeColor('list.warningForeground'));
    case 'failed':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
    case 'disconnected':
      return new vscode.ThemeIcon('debug-disconnect');
  }
}

function toTooltip(profile: ConnectionProfile, state: ProfileState, isActive: boolean): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString(undefined, true);
  const { icon, title } = environmentLabels[profile.environment];
  tooltip.appendMarkdown('**');
  tooltip.appendText(profile.name);
  tooltip.appendMarkdown(`** · $(${icon}) ${title}${isActive ? ' · used by this window' : ''}\n\n`);
  tooltip.appendText(
    state.state === 'connected' || state.state === 'reconnecting'
      ? `${state.session.database} on ${state.session.server}, PostgreSQL ${state.session.facts.version}, role ${state.session.facts.role}`
      : describeTarget(profile),
  );
  if (state.state === 'reconnecting') {
    tooltip.appendMarkdown('\n\n');
    tooltip.appendText(`${state.reason} Attempt ${state.attempt} to connect again.`);
  }
  if (state.state === 'failed') {
    tooltip.appendMarkdown('\n\n$(error) ');
    tooltip.appendText(`${state.failure.message} ${state.failure.nextStep}`);
  }
  return tooltip;
}
