// Questions in VS Code's quick input, one after another, with a Back button: what multi-step input looks like in the
// built-in features.
import * as vscode from 'vscode';

/** The user wants the question before this one. */
export const back = Symbol('back');
/** The user closed the input. */
export const dismissed = Symbol('dismissed');

export interface StepFrame {
  title: string;
  step: number;
  totalSteps: number;
  canGoBack: boolean;
}

export interface Choice<Value> extends vscode.QuickPickItem {
  value: Value;
}

export interface PickOptions<Value> {
  frame: StepFrame;
  placeholder: string;
  choices: readonly (Choice<Value> | vscode.QuickPickItem)[];
  /** Offered first and highlighted; null highlights none, so that Enter alone chooses nothing. */
  active?: Value | null;
  /** Makes what the user typed an answer of its own; null where it is none. */
  toTyped?: (text: string) => Choice<Value> | null;
  /** What stands in the box already, to be corrected. */
  text?: string;
}

export interface TextOptions {
  frame: StepFrame;
  prompt: string;
  placeholder?: string;
  value?: string;
  isPassword?: boolean;
  /** Null when the text will do, else what is wrong with it. */
  validate?: (text: string) => string | null;
}

function isChoice<Value>(item: vscode.QuickPickItem): item is Choice<Value> {
  return 'value' in item;
}

export async function pickOne<Value>(options: PickOptions<Value>): Promise<Value | typeof back | typeof dismissed> {
  const pick = vscode.window.createQuickPick();
  applyFrame(pick, options.frame);
  pick.placeholder = options.placeholder;
  pick.matchOnDescription = true;
  pick.items = options.choices;
  const active = options.choices.find((item) => isChoice<Value>(item) && item.value === options.active);
  if (active !== undefined) pick.activeItems = [active];
  else if (options.active === null) pick.activeItems = [];
  const offerTyped = (text: string) => {
    const typed = options.toTyped?.(text) ?? null;
    pick.items = typed === null ? options.choices : [typed, ...options.choices];
    if (typed !== null) pick.activeItems = [typed];
    else if (options.active === null) pick.activeItems = [];
  };
  if (options.text !== undefined) {
    pick.value = options.text;
    offerTyped(options.text);
  }
  return show<Value>(pick, (accept) => [
    ...(options.toTyped === undefined ? [] : [pick.onDidChangeValue(offerTyped)]),
    pick.onDidAccept(() => {
      const [chosen] = pick.activeItems;
      if (chosen !== undefined && isChoice<Value>(chosen)) accept(chosen.value);
    }),
  ]);
}

export async function askText(options: TextOptions): Promise<string | typeof back | typeof dismissed> {
  const box = vscode.window.createInputBox();
  applyFrame(box, options.frame);
  box.prompt = options.prompt;
  box.placeholder = options.placeholder ?? '';
  box.value = options.value ?? '';
  box.password = options.isPassword ?? false;
  const findProblem = (): string | null => options.validate?.(box.value) ?? null;
  return show<string>(box, (accept) => [
    box.onDidChangeValue(() => {
      // said on Enter first, so that a field is not red before it is filled; then it follows the typing
      if (box.validationMessage !== undefined) box.validationMessage = findProblem() ?? undefined;
    }),
    box.onDidAccept(() => {
      const problem = findProblem();
      if (problem === null) accept(box.value);
      else box.validationMessage = problem;
    }),
  ]);
}

function applyFrame(input: vscode.QuickInput & { buttons: readonly vscode.QuickInputButton[] }, frame: StepFrame) {
  input.title = frame.title;
  if (frame.totalSteps > 1) {
    input.step = frame.step;
    input.totalSteps = frame.totalSteps;
  }
  // an answer often lies in another window: a URL to copy, a password manager
  input.ignoreFocusOut = true;
  if (frame.canGoBack) input.buttons = [vscode.QuickInputButtons.Back];
}

function show<Value>(
  input: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>,
  listen: (accept: (value: Value) => void) => vscode.Disposable[],
): Promise<Value | typeof back | typeof dismissed> {
  return new Promise((resolve) => {
    const disposables: vscode.Disposable[] = [];
    const finish = (value: Value | typeof back | typeof dismissed) => {
      resolve(value);
      for (const disposable of disposables) disposable.dispose();
      input.dispose();
    };
    disposables.push(
      ...listen(finish),
      input.onDidHide(() => {
        finish(dismissed);
      }),
      input.onDidTriggerButton((button) => {
        if (button === vscode.QuickInputButtons.Back) finish(back);
      }),
    );
    input.show();
  });
}

/** One question. */
export interface Step {
  /** Whether it has to be asked, as far as the answers so far tell; always when absent. */
  isDue?: () => boolean;
  /** Belongs to the question before it and bears its number: whether it is due must not change what was counted. */
  isFollowUp?: boolean;
  ask: (frame: StepFrame) => Promise<'answered' | typeof back | typeof dismissed>;
}

/**
 * Asks in order and goes back where the user wants to. What stands before `first` counts as answered. False when the
 * user gave up.
 */
export async function runSteps(title: string, steps: readonly Step[], first = 0): Promise<boolean> {
  const isDue = ({ isDue: asks }: Step) => asks?.() ?? true;
  const count = (some: readonly Step[]) => some.filter(({ isFollowUp }) => isFollowUp !== true).length;
  const answered = steps.slice(0, first).flatMap((step, index) => (isDue(step) ? [index] : []));
  for (let index = first; index < steps.length;) {
    const step = steps[index];
    if (step === undefined || !isDue(step)) {
      index += 1;
      continue;
    }
    const before = count(answered.flatMap((each) => steps[each] ?? []));
    const outcome = await step.ask({
      title,
      step: before + count([step]),
      totalSteps: before + count(steps.slice(index).filter(isDue)),
      canGoBack: answered.length > 0,
    });
    if (outcome === dismissed) return false;
    if (outcome === back) {
      index = answered.pop() ?? 0;
    } else {
      answered.push(index);
      index += 1;
    }
  }
  return true;
}

export const separator = (label: string): vscode.QuickPickItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
