/** Failures of the sandbox name the editor's setting; the terminal has an option for it. */
export const toTerminalWords = (text: string): string =>
  text
    .replaceAll('The setting pgInsight.sandbox.binaries', '--postgres')
    .replaceAll('clear the setting', 'leave it out')
    .replaceAll('the setting pgInsight.sandbox.binaries', '--postgres');
