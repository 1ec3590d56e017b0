// Composition root of the terminal program.
import { version } from '../package.json';
import { adviseCommand } from './cli/advise-command';
import { doctorCommand } from './cli/doctor-command';
import { explainCommand } from './cli/explain-command';
import { planCommand } from './cli/plan-command';
import { runCli } from './cli/run';
import { tablesCommand } from './cli/tables-command';
import { Terminal } from './cli/terminal';

const commands = [tablesCommand, explainCommand, planCommand, adviseCommand, doctorCommand];
void runCli(process.argv.slice(2), { version, commands, terminal: new Terminal() }).then((code) => {
  process.exitCode = code;
});
