// Composition root of the terminal program.
import { version } from '../package.json';
import { adviseCommand } from './cli/advise-command';
import { doctorCommand } from './cli/doctor-command';
import { explainCommand } from './cli/explain-command';
import { indexesCommand } from './cli/indexes-command';
import { planCommand } from './cli/plan-command';
import { reportCommand } from './cli/report-command';
import { runCli } from './cli/run';
import { slowQueriesCommand } from './cli/slow-queries-command';
import { tablesCommand } from './cli/tables-command';
import { Terminal } from './cli/terminal';

const commands = [
  reportCommand,
  tablesCommand,
  indexesCommand,
  slowQueriesCommand,
  explainCommand,
  planCommand,
  adviseCommand,
  doctorCommand,
];
void runCli(process.argv.slice(2), { version, commands, terminal: new Terminal() }).then((code) => {
  process.exitCode = code;
});
