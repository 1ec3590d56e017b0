// The box in which a view's filter is typed: the view follows the typing, Escape brings the old filter back.
import * as vscode from 'vscode';

export interface Filtered {
  readonly filter: string;
  setFilter(filter: string): void;
}

export async function askFilter(
  view: Filtered,
  { title, prompt, placeholder }: { title: string; prompt: string; placeholder: string },
): Promise<void> {
  const before = view.filter;
  const box = vscode.window.createInputBox();
  box.title = title;
  box.prompt = prompt;
  box.placeholder = placeholder;
  box.value = before;
  await new Promise<void>((resolve) => {
    let isAccepted = false;
    box.onDidChangeValue((text) => {
      view.setFilter(text);
    });
    box.onDidAccept(() => {
      isAccepted = true;
      box.hide();
    });
    box.onDidHide(() => {
      if (!isAccepted) view.setFilter(before);
      box.dispose();
      resolve();
    });
    box.show();
  });
}
