import assert from 'node:assert/strict';
import { adviseCommand } from '../../src/cli/advise-command';
import { parseCommandLine, UsageError } from '../../src/cli/command';
import { doctorCommand } from '../../src/cli/doctor-command';
import { explainCommand } from '../../src/cli/explain-command';
import { indexesCommand } from '../../src/cli/indexes-command';
import { planCommand } from '../../src/cli/plan-command';
import { reportCommand } from '../../src/cli/report-command';
import { slowQueriesCommand } from '../../src/cli/slow-queries-command';
import { tablesCommand } from '../../src/cli/tables-command';

const commands = [
  adviseCommand,
  doctorCommand,
  explainCommand,
  indexesCommand,
  planCommand,
  reportCommand,
  slowQueriesCommand,
  tablesCommand,
];

function fails(command: (typeof commands)[number], args: readonly string[], message: string): void {
  assert.throws(
    () => parseCommandLine(command, args),
    (error) => error instanceof UsageError && error.message === message,
    `${command.name} ${args.join(' ')}: ${message}`,
  );
}

describe('the command line', () => {
  it('says of every option what is wrong with its value', () => {
    for (const command of commands) {
      for (const { name, value, multiple, mayBeEmpty } of command.options) {
        const option = `--${name}`;
        if (value === null) {
          fails(command, [`${option}=yes`], `${option} takes no value, and is given "yes".`);
          continue;
        }
        fails(command, [option], `${option} needs a value: ${option} ${value}.`);
        fails(command, [option, '--quiet'], `${option} needs a value, and is followed by --quiet.`);
        fails(command, [option, '-q'], `${option} needs a value, and is followed by -q.`);
        if (mayBeEmpty === true) assert.equal(parseCommandLine(command, [`${option}=`]).text(name), '');
        else fails(command, [option, ''], `${option} is empty: it takes a value, ${value}.`);
        const twice = [option, '5', `${option}=6`];
        if (multiple === true) assert.deepEqual(parseCommandLine(command, twice).texts(name), ['5', '6']);
        else fails(command, twice, `${option} is given 2 times, and takes one value.`);
        assert.equal(parseCommandLine(command, [`${option}=--x`]).text(name), '--x');
      }
      fails(command, ['--nope'], 'There is no option --nope.');
      fails(command, ['-x', '5'], 'There is no option -x.');
      assert.ok(parseCommandLine(command, ['-h']).has('help'));
    }
    fails(tablesCommand, ['--', 'x'], '"x" is unexpected: tables has options only.');
    fails(planCommand, [''], 'An empty text is given where FILE belongs.');
    assert.equal(parseCommandLine(planCommand, ['-']).argument, '-');
  });

  it('takes numbers that are some', () => {
    const args = (value: string) => parseCommandLine(slowQueriesCommand, ['--limit', value, '--min-mean-ms', value]);
    for (const wrong of ['-3', 'many', '1e3', '0x10', ' 5', '99999999999']) {
      assert.throws(() => args(wrong).count('limit'), UsageError, wrong);
      assert.throws(() => args(wrong).milliseconds('min-mean-ms'), UsageError, wrong);
    }
    assert.throws(() => args('0').count('limit'), UsageError);
    assert.throws(() => args('1.5').count('limit'), UsageError);
    assert.deepEqual([args('7').count('limit'), args('0.5').milliseconds('min-mean-ms')], [7, 0.5]);
  });
});
