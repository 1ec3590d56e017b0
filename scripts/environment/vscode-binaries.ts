// A real VS Code from the npm registry: the package code-server carries VS Code's server (lib/vscode), which runs under
// its own Node. Nothing of the packages is executed while installing; two native modules that are therefore not compiled
// get small stand-ins.
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, packTarball, run } from './cache';
import { spdlogStandIn, watchdogStandIn } from './vscode-stand-ins';

/** code-server 4.139.1 carries VS Code 1.139.1. */
const codeServer = {
  version: '4.139.1',
  integrity: 'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
};
const node = { version: '24.21.0' };
const nodeIntegrities: Record<string, string> = {
  'linux-x64': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'linux-arm64': 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
};

/** Parts of the server that an extension does not need: agents, containers, other platforms' programs (about 400 MB). */
const unneeded = [
  'node_modules/@github',
  'node_modules/@microsoft/mxc-sdk',
  'node_modules/@devcontainers',
  'extensions/copilot',
  'extensions/mermaid-markdown-features',
];
const perPlatform = ['node_modules/@vscode/ripgrep-universal/bin', 'node_modules/node-pty/prebuilds'];

export interface VsCodeBinaries {
  /** The Node that runs the server. */
  node: string;
  /** The server's entry script. */
  serverMain: string;
}

/** VS Code's server, provisioned on first use. */
export async function provideVsCode(): Promise<VsCodeBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  const nodeIntegrity = nodeIntegrities[platform];
  if (nodeIntegrity === undefined) {
    throw new Error(
      `The VS Code server is not pinned for ${platform} (scripts/environment/vscode-binaries.ts). ` +
        'Set PG_INSIGHT_VSCODE=electron to run the extension tier in a desktop VS Code instead.',
    );
  }
  const folder = await cached(`vscode-${codeServer.version}-typescript`, async (target) => {
    const unpack = async (spec: string, integrity: string, member: string) => {
      const tarball = await packTarball(spec, target, integrity);
      await run('tar', ['xzf', tarball, '-C', target, '--strip-components=1', member]);
      await rm(tarball);
    };
    await unpack(`code-server@${codeServer.version}`, codeServer.integrity, 'package/lib/vscode');
    await unpack(`node-${platform}@${node.version}`, nodeIntegrity, 'package/bin/node');
    const server = path.join(target, 'lib', 'vscode');
    // its npm-shrinkwrap.json pins everything; npm ci rejects that file, npm install accepts it
    const install = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', install, { cwd: server });
    // TypeScript itself, without which the built-in extension complains in front of whoever opens a .ts file
    await run('npm', install, { cwd: path.join(server, 'extensions') });
    await Promise.all(unneeded.map((name) => rm(path.join(server, name), { recursive: true, force: true })));
    for (const name of perPlatform) {
      const parent = path.join(server, name);
      if (!existsSync(parent)) continue;
      const others = (await readdir(parent)).filter((each) => each !== platform);
      await Promise.all(others.map((each) => rm(path.join(parent, each), { recursive: true, force: true })));
    }
    const modules = path.join(server, 'node_modules', '@vscode');
    await writeFile(path.join(modules, 'spdlog', 'index.js'), spdlogStandIn);
    await writeFile(path.join(modules, 'native-watchdog', 'index.js'), watchdogStandIn);
  });
  return {
    node: path.join(folder, 'bin', 'node'),
    serverMain: path.join(folder, 'lib', 'vscode', 'out', 'server-main.js'),
  };
}
