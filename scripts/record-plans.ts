// Records plans of the corpus (test/factories/plan-corpus.ts) from real servers into test/golden/plans, where the unit
// tests read them, each in JSON and, of the same execution, in text as auto_explain logs it: `node scripts/run.mjs
// record-plans`. The embedded servers have no JIT; `-- --jit-url URL` records that one from a server that has (the corpus
// makes a schema "lab" there and drops it).
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { corpusStatements, createCorpus, explainCorpusStatement } from '../test/factories/plan-corpus';
import { logPlans } from '../test/factories/logged-plans';
import { startPostgres } from './environment/postgres-server';

/** 15 prints parameters of InitPlans as $n and whole rows, 18 by name and with decimals: between them lies every change. */
const majors = [15, 18] as const;
const folder = path.join('test', 'golden', 'plans');

async function record(url: string, name: string, statements: typeof corpusStatements, major: number): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await createCorpus(client);
    await mkdir(path.join(folder, name), { recursive: true });
    const notices = await logPlans(client);
    await notices.setVerbose(true);
    for (const statement of statements) {
      if ((statement.since ?? 0) > major) continue;
      // the first statement that is compiled in a session waits for the compiler to be loaded
      if (statement.name.startsWith('jit')) await explainCorpusStatement(client, statement);
      const plan = await explainCorpusStatement(client, statement, {
        serialize: statement.name === 'union-all' && major >= 17,
      });
      await writeFile(path.join(folder, name, `${statement.name}.json`), `${plan}\n`);
      await writeFile(path.join(folder, name, `${statement.name}.txt`), `${notices.last()}\n`);
    }
    console.log(`Recorded the plans of ${name}.`);
  } finally {
    await client.query('DROP SCHEMA IF EXISTS lab CASCADE');
    await client.end();
  }
}

const { values } = parseArgs({ options: { 'jit-url': { type: 'string' } } });
if (values['jit-url'] === undefined) {
  for (const major of majors) {
    await rm(path.join(folder, String(major)), { recursive: true, force: true });
    const server = await startPostgres({ major });
    try {
      const statements = corpusStatements.filter(({ name }) => !name.startsWith('jit'));
      await record(server.url(), String(major), statements, major);
    } finally {
      await server.stop();
    }
  }
} else {
  await rm(path.join(folder, 'jit'), { recursive: true, force: true });
  const statements = corpusStatements.filter(({ name }) => name.startsWith('jit'));
  await record(values['jit-url'], 'jit', statements, majors[0]);
}
